internal import CisternSockets
internal import Synchronization

/// Keeps a client from hammering a server with credentials that it refuses: over all event loops, one attempt at a time
/// until one has succeeded, and after a refusal none for half a minute.
final class AuthenticationGate: Sendable {
    /// Two refused attempts a minute at most.
    static let pauseAfterRefusal: Duration = .seconds(30)

    enum Entry {
        case enter
        /// Another event loop's attempt is in progress.
        case wait
        /// The credentials were refused and it is too early to try again.
        case refused(RedisError)
    }

    private struct State {
        /// The server has taken the credentials, so that attempts need not queue.
        var isProven = false
        var isAttemptInProgress = false
        var closedUntil = MonotonicTime(nanoseconds: .min)
        var refusal: RedisError?
    }

    private let state = Mutex(State())

    /// Asks to try the credentials; whoever entered says how it went by `leave`.
    func enter(_ now: MonotonicTime) -> Entry {
        state.withLock { state in
            if let refusal = state.refusal, now < state.closedUntil { return .refused(refusal) }
            if state.isProven { return .enter }
            if state.isAttemptInProgress { return .wait }
            state.isAttemptInProgress = true
            return .enter
        }
    }

    func leave(_ now: MonotonicTime, error: RedisError?) {
        state.withLock { state in
            state.isAttemptInProgress = false
            if let error, error.kind == .authentication {
                state.isProven = false
                state.refusal = error
                state.closedUntil = now + Self.pauseAfterRefusal
            } else if error == nil {
                state.isProven = true
                state.refusal = nil
            }
        }
    }

    /// When the next attempt may be made.
    var closedUntil: MonotonicTime {
        state.withLock { $0.refusal == nil ? MonotonicTime(nanoseconds: .min) : $0.closedUntil }
    }
}
