internal import CisternBytes
internal import CisternLocks
internal import CisternResilience
internal import CisternSockets

/// An event loop's clock and timers, for what is decided off it.
struct LoopScheduler: Scheduler {
    private enum State {
        case handedIn
        case set(TimerID)
        case over
    }

    /// Changed on the loop; the lock is for the compiler's peace.
    private final class Timer: Sendable {
        let state = Locked(State.handedIn)
    }

    let loop: EventLoop

    var now: MonotonicTime { .now }
    var executor: (any TaskExecutor)? { loop }

    func schedule(at deadline: MonotonicTime, _ action: @escaping @Sendable () -> Void) -> ScheduledAction {
        let timer = Timer()
        let loop = loop
        loop.submit {
            timer.state.withLock { state in
                // It may have been cancelled on another thread before it got here.
                guard case .handedIn = state else { return }
                state = .set(
                    loop.schedule(at: deadline) {
                        timer.state.withLock { $0 = .over }
                        action()
                    })
            }
        }
        return ScheduledAction {
            loop.submit {
                timer.state.withLock { state in
                    if case .set(let id) = state { loop.cancel(id) }
                    state = .over
                }
            }
        }
    }
}
