import CisternBytes
import CisternLocks
import Glibc
import TestSupport

/// A thread that does nothing but sleep, and so notices when the machine did not let it run. An answer that was due
/// meanwhile is not late.
final class Metronome: Sendable {
    private struct State {
        var isStopped = false
        var pauses: [History.Pause] = []
    }
    private let state = Locked(State())
    private let ended = Semaphore()

    init(begin: ContinuousClock.Instant) {
        BlockingThreads.shared.run { [self] in
            var last = ContinuousClock.now
            while !state.withLock(\.isStopped) {
                usleep(5000)
                let now = ContinuousClock.now
                if now - last > .milliseconds(30) {
                    let pause = History.Pause(start: last - begin, end: now - begin)
                    state.withLock { $0.pauses.append(pause) }
                }
                last = now
            }
            ended.post()
        }
    }

    /// Ends it and returns when the machine stood still, once.
    func stop() -> [History.Pause] {
        state.withLock { $0.isStopped = true }
        ended.wait()
        return state.withLock(\.pauses)
    }

    /// For a drill that fails half way.
    func abandon() { state.withLock { $0.isStopped = true } }
}
