/// Why a Redis operation failed.
///
/// The message names what went wrong and never holds a key, a value or a password.
public struct RedisError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What failed.
    public enum Kind: String, Sendable, CaseIterable {
        /// The server refused the connection, reset it or closed it.
        case connection
        /// A deadline passed, the operation's own or one of the configured timeouts.
        case timeout
        /// The server wants other credentials, or these may not do this.
        case authentication
        /// The host cannot be reached or its name does not resolve.
        case network
        /// The TLS handshake or session failed.
        case tls
        /// The server sent something that is not RESP, or an answer to nothing.
        case `protocol`
        /// No connection of the pool became free in time.
        case pool
        /// The server is there and cannot serve now: loading, busy, cluster down, out of clients.
        case unavailable
        /// The server is a replica that takes no writes.
        case readOnly
        /// The server is out of memory (`maxmemory`).
        case outOfMemory
        /// The server understood the command and refused it.
        case command
        /// The caller cancelled, or the client has been closed.
        case cancelled
    }

    /// How far the operation had come.
    public enum Phase: String, Sendable {
        /// Resolving the name or connecting.
        case dialing
        /// Setting the connection up: TLS, HELLO, AUTH, SELECT.
        case handshake
        /// Waiting for a connection; nothing was sent.
        case queued
        /// Sent, at least in part; no byte of the reply had come.
        case written
        /// The reply had begun, or was the error itself.
        case reading
    }

    /// What failed.
    public let kind: Kind
    /// How far it had come.
    public let phase: Phase
    /// The code that the server's error began with, such as `WRONGTYPE`; nil when the error is not the server's.
    public let serverCode: String?
    /// What went wrong, in words.
    public let message: String
    /// Whether the same operation may succeed when it is tried again.
    public var isRetryable: Bool { retry != .never }
    /// Whether the server may have executed the command all the same.
    public let isOutcomeUnknown: Bool
    /// When and how to try again.
    package let retry: RetryRule
    /// What the breaker makes of it.
    package let breakerEffect: BreakerEffect
    /// What stood in the way where the server was not to blame, or not alone.
    package var obstacle: Obstacle?
    /// The writes of the operation that were sent and whose answers have not come.
    package var unanswered: [UnansweredCommand] = []

    /// What stands in the way of an operation besides the server.
    package enum Obstacle: Sendable {
        /// The circuit breaker let nothing through.
        case openCircuit
        /// Others wait already for longer than this one may.
        case congestion
        /// An earlier write of the key has not been replayed.
        case earlierWrite
        /// There was no room to keep a write.
        case fullQueue
    }

    package init(
        _ kind: Kind, phase: Phase, serverCode: String? = nil, retry: RetryRule,
        breakerEffect: BreakerEffect = .failure, isOutcomeUnknown: Bool = false,
        obstacle: Obstacle? = nil, unanswered: [UnansweredCommand] = [], _ message: String
    ) {
        self.kind = kind
        self.phase = phase
        self.serverCode = serverCode
        self.retry = retry
        self.breakerEffect = breakerEffect
        self.isOutcomeUnknown = isOutcomeUnknown
        self.obstacle = obstacle
        self.unanswered = unanswered
        self.message = message
    }

    /// Kind, phase and message.
    public var description: String { "\(kind.rawValue) (\(phase.rawValue)): \(message)" }

    /// The same error where it left the outcome of an operation unknown, by these writes.
    package func withUnknownOutcome(_ unanswered: [UnansweredCommand]) -> RedisError {
        RedisError(
            kind, phase: phase, serverCode: serverCode, retry: .never, breakerEffect: breakerEffect,
            isOutcomeUnknown: true, unanswered: unanswered, message)
    }

    /// The same error of a write that could not be kept either.
    package var withoutRoom: RedisError {
        RedisError(
            kind, phase: phase, serverCode: serverCode, retry: retry, breakerEffect: breakerEffect,
            isOutcomeUnknown: isOutcomeUnknown, obstacle: .fullQueue, unanswered: unanswered,
            "\(message); no more writes can be kept")
    }

    /// The same failure as it is to an operation that had come as far as `phase`.
    package func at(_ phase: Phase) -> RedisError {
        RedisError(
            kind, phase: phase, serverCode: serverCode, retry: retry, breakerEffect: breakerEffect,
            isOutcomeUnknown: phase == .written || phase == .reading, unanswered: unanswered, message)
    }

    /// The same error of a command that has not been answered.
    func leaving(_ command: UnansweredCommand?) -> RedisError {
        guard let command else { return self }
        var error = self
        error.unanswered = [command]
        return error
    }
}

/// When a failed operation is tried again.
package enum RetryRule: Sendable {
    case never
    /// After a backoff, as long as the deadline and `max_retries` allow.
    case afterBackoff
    /// Once, at once, on a connection dialed after the failure, the name resolved anew.
    case onceOnNewConnection
    /// After a backoff, if nothing was written or the command may be repeated; the first time at once.
    case ifRepeatable
}

/// How an outcome counts in the circuit breaker.
package enum BreakerEffect: Sendable {
    /// The server answered: whatever it said, it is there.
    case success
    case failure
    /// Counted by the breaker that guards writes.
    case writeFailure
    case notCounted
}
