package import CisternBytes
internal import CisternLocks

/// What a machine wants next.
package enum Step: Sendable {
    /// Nothing, until it has changed.
    case rest
    /// To be asked again then.
    case wait(until: MonotonicTime)
    /// This to be carried out; the machine has noted that it is in progress.
    case run(@Sendable () async -> Void)
}

/// Does what a machine decides: it has one timer and one operation in progress at most.
///
/// It asks the machine when it is told to, when the time has come that the machine named, and when an operation has ended.
package final class Driver: Sendable {
    private struct State {
        var decide: (@Sendable (MonotonicTime) -> Step)?
        var decided: @Sendable () -> Void = {}
        var timer: (deadline: MonotonicTime, action: ScheduledAction)?
        var task: Task<Void, Never>?
        var isClosed = false
    }

    private let scheduler: any Scheduler
    private let state = Locked(State())

    package init(_ scheduler: any Scheduler) { self.scheduler = scheduler }

    /// Says what is to be driven; before, nothing is. Who owns the driver captures itself weakly.
    ///
    /// - Parameters:
    ///   - decide: is asked under a lock of the driver's: it must not call the driver.
    ///   - decided: is called after each decision, outside any lock.
    package func drive(
        _ decide: @escaping @Sendable (MonotonicTime) -> Step, decided: @escaping @Sendable () -> Void = {}
    ) {
        state.withLock { ($0.decide, $0.decided) = (decide, decided) }
    }

    deinit {
        let left = state.withLock { ($0.timer?.action, $0.task) }
        left.0?.cancel()
        left.1?.cancel()
    }

    /// Asks the machine. To be called whenever something but the driver has changed it.
    package func update() {
        let decided = state.withLock { state in
            guard !state.isClosed, state.task == nil, let decide = state.decide else { return state.decided }
            switch decide(scheduler.now) {
            case .rest: Self.setTimer(nil, &state, self)
            case .wait(let deadline): Self.setTimer(deadline, &state, self)
            case .run(let operation):
                Self.setTimer(nil, &state, self)
                state.task = Task(executorPreference: scheduler.executor) { [weak self] in
                    await operation()
                    self?.ended()
                }
            }
            return state.decided
        }
        decided()
    }

    private func ended() {
        state.withLock { $0.task = nil }
        update()
    }

    private static func setTimer(_ deadline: MonotonicTime?, _ state: inout State, _ driver: Driver) {
        if let timer = state.timer {
            if timer.deadline == deadline { return }
            timer.action.cancel()
            state.timer = nil
        }
        guard let deadline else { return }
        let action = driver.scheduler.schedule(at: deadline) { [weak driver] in
            guard let driver else { return }
            driver.state.withLock { if $0.timer?.deadline == deadline { $0.timer = nil } }
            driver.update()
        }
        state.timer = (deadline, action)
    }

    /// Ends for good: no timer and no operation is left when it returns. Twice is fine.
    package func close() async {
        let task = state.withLock { state in
            state.isClosed = true
            state.timer?.action.cancel()
            state.timer = nil
            return state.task
        }
        task?.cancel()
        await task?.value
    }
}
