internal import CisternSockets
internal import CisternBytes

/// Keeps a client from hammering a server with credentials that it refuses: over all event loops, one attempt at a time
/// until one has succeeded, and after a refusal none for half a minute.
final class AuthenticationGate: Sendable {
    /// Two refused attempts a minute at most.
    static let pauseAfterRefusal: Duration = .seconds(30)

    enum Entry: Equatable {
        case enter
        /// Another event loop's attempt is in progress.
        case wait
        /// The credentials were refused and it is too early to try again.
        case refused(RedisError)
    }

    private struct State {
        /// The server has taken the credentials, so that attempts need not queue.
        var isProven = false
        var attemptsInProgress = 0
        var closedUntil = MonotonicTime(nanoseconds: .min)
        var refusal: RedisError?

        func refusal(_ now: MonotonicTime) -> RedisError? { now < closedUntil ? refusal : nil }
    }

    private let state = Locked(State())

    /// Why an attempt would not be let in yet; nil where it would.
    func refusal(_ now: MonotonicTime) -> RedisError? {
        state.withLock { $0.refusal(now) }
    }

    /// Asks to try the credentials; whoever entered says how it went by `leave`.
    func enter(_ now: MonotonicTime) -> Entry {
        state.withLock { state in
            if let refusal = state.refusal(now) { return .refused(refusal) }
            guard state.isProven || state.attemptsInProgress == 0 else { return .wait }
            state.attemptsInProgress += 1
            return .enter
        }
    }

    func leave(_ now: MonotonicTime, error: RedisError?) {
        state.withLock { state in
            state.attemptsInProgress -= 1
            guard let error else {
                state.isProven = true
                state.refusal = nil
                return
            }
            state.isProven = false
            if error.kind == .authentication {
                state.refusal = error
                state.closedUntil = now + Self.pauseAfterRefusal
            }
        }
    }

    /// A connection was lost: the server that comes back may ask for others.
    func doubt() {
        state.withLock { $0.isProven = false }
    }

    /// When the next attempt may be made.
    var closedUntil: MonotonicTime {
        state.withLock { $0.refusal == nil ? MonotonicTime(nanoseconds: .min) : $0.closedUntil }
    }
}
