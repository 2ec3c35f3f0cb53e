import CisternBytes
import CisternLocks
import CisternResilience

/// Time that stands still until a test moves it, and an executor whose tasks run only when the test says so, on its thread:
/// what happens, happens in the same order every time.
final class ManualScheduler: Scheduler, TaskExecutor {
    private struct Planned {
        let id: UInt64
        let deadline: MonotonicTime
        let action: @Sendable () -> Void
    }

    private struct State {
        var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
        var planned: [Planned] = []
        var lastID: UInt64 = 0
        var jobs: [UnownedJob] = []
    }

    private let state = Locked(State())

    var now: MonotonicTime { state.withLock { $0.now } }
    var executor: (any TaskExecutor)? { self }

    /// Actions that are still to be done.
    var timers: Int { state.withLock { $0.planned.count } }
    /// How long until the next of them; nil when there is none.
    var nextTimer: Duration? { state.withLock { state in state.planned.map { $0.deadline.since(state.now) }.min() } }

    func schedule(at deadline: MonotonicTime, _ action: @escaping @Sendable () -> Void) -> ScheduledAction {
        let id = state.withLock { state in
            state.lastID += 1
            state.planned.append(Planned(id: state.lastID, deadline: deadline, action: action))
            return state.lastID
        }
        return ScheduledAction { [self] in state.withLock { state in state.planned.removeAll { $0.id == id } } }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
    }

    /// Runs every task as far as it goes, and does what is due by now.
    func run() { advance(by: .zero) }

    /// Moves the time, and does on the way what falls due, each thing at its time and in the order of deadlines.
    func advance(by duration: Duration) {
        let end = now + duration
        runTasks()
        while let next = takeNext(until: end) {
            next()
            runTasks()
        }
        state.withLock { $0.now = end }
    }

    private func runTasks() {
        while let job = state.withLock({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) {
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    private func takeNext(until end: MonotonicTime) -> (@Sendable () -> Void)? {
        state.withLock { state in
            let due = state.planned.filter { $0.deadline <= end }
            guard let next = due.min(by: { ($0.deadline, $0.id) < ($1.deadline, $1.id) }) else { return nil }
            state.planned.removeAll { $0.id == next.id }
            state.now = max(state.now, next.deadline)
            return next.action
        }
    }

    /// Begins `work` in a task of its own and runs it as far as it goes.
    func start<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) -> Running<Value> {
        let running = Running<Value>()
        let task = Task(executorPreference: self) {
            do {
                running.note(.success(try await work()))
            } catch {
                running.note(.failure(error))
            }
        }
        running.onCancel { task.cancel() }
        run()
        return running
    }
}

/// Work in progress in a task.
final class Running<Value: Sendable>: Sendable {
    private let state = Locked<(result: Result<Value, any Error>?, cancel: (@Sendable () -> Void)?)>((nil, nil))

    fileprivate func note(_ result: Result<Value, any Error>) { state.withLock { $0.result = result } }
    fileprivate func onCancel(_ cancel: @escaping @Sendable () -> Void) { state.withLock { $0.cancel = cancel } }

    /// How it came out; nil while it has not.
    var result: Result<Value, any Error>? { state.withLock { $0.result } }
    var isOver: Bool { result != nil }

    func cancel() { state.withLock { $0.cancel }?() }
}
