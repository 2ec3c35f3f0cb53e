internal import CisternBytes
public import CisternRESP
package import CisternSockets

/// Turns every failure into a ``RedisError``: the one table of what errors mean.
public enum ErrorHandler {
    private struct Rule {
        let kind: RedisError.Kind
        let retry: RetryRule
        let breaker: BreakerEffect
        init(_ kind: RedisError.Kind, _ retry: RetryRule, _ breaker: BreakerEffect) {
            self.kind = kind
            self.retry = retry
            self.breaker = breaker
        }
    }

    /// The server's error for a client too many. It comes unasked, as ERR, and only the whole message tells it.
    private static let tooManyClients = "ERR max number of clients reached"

    /// By the code that the error begins with; the text behind it is for people and changes between versions.
    private static func rule(_ code: String, _ message: String) -> Rule {
        switch code {
        case "WRONGTYPE": Rule(.command, .never, .success)
        case "LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN": Rule(.unavailable, .afterBackoff, .failure)
        case "READONLY": Rule(.readOnly, .onceOnNewConnection, .writeFailure)
        case "MISCONF", "NOREPLICAS": Rule(.unavailable, .never, .writeFailure)
        case "OOM": Rule(.outOfMemory, .never, .notCounted)
        case "NOAUTH", "WRONGPASS": Rule(.authentication, .never, .failure)
        case "NOPERM": Rule(.authentication, .never, .success)
        case "ERR" where message == tooManyClients: Rule(.unavailable, .afterBackoff, .failure)
        default: Rule(.command, .never, .success)
        }
    }

    /// The error that a reply of the server is.
    public static func classify(_ reply: RESPError, phase: RedisError.Phase = .reading) -> RedisError {
        let code = reply.code
        let text = reply.message.string ?? code
        let rule = rule(code, text)
        return RedisError(
            rule.kind, phase: phase, serverCode: code, retry: rule.retry, breakerEffect: rule.breaker,
            "the server answered \(code == "ERR" && rule.kind == .unavailable ? text : code)")
    }

    /// The error that a failed socket, name or TLS session is.
    package static func classify(_ error: SocketError, phase: RedisError.Phase) -> RedisError {
        let kind: RedisError.Kind =
            switch error.code {
            case .refused, .reset, .closed: .connection
            case .timedOut: .timeout
            case .tls: .tls
            case .unreachable, .resolution, .addressInUse, .system: .network
            }
        return RedisError(kind, phase: phase, retry: .ifRepeatable, error.message)
    }

    /// The error that a reply is which is not RESP, or not the kind of reply that the command has.
    package static func classify(_ error: RESPDecodingError) -> RedisError {
        RedisError(.protocol, phase: .reading, retry: .ifRepeatable, error.message)
    }

    /// The error of an operation whose deadline passed.
    package static func deadlinePassed(_ phase: RedisError.Phase) -> RedisError {
        RedisError(
            .timeout, phase: phase, retry: .never, isOutcomeUnknown: phase == .written || phase == .reading,
            "no answer within the operation's deadline")
    }

    /// The error of an operation whose deadline passed before a connection that stands could be used: not the server's fault.
    package static let tooLateToSend = RedisError(
        .timeout, phase: .queued, retry: .never, breakerEffect: .notCounted,
        "the operation's deadline had passed before it could be sent")

    /// The error of an operation that was not sent because the server is too far behind to answer it before its deadline: the
    /// sooner it is refused, the sooner those before it are answered.
    package static let congested = RedisError(
        .timeout, phase: .queued, retry: .never, breakerEffect: .notCounted, obstacle: .congestion,
        "the server is too far behind to answer within the operation's deadline")

    /// The error of an operation that the circuit breaker did not let through.
    package static let circuitOpen = RedisError(
        .unavailable, phase: .queued, retry: .never, breakerEffect: .notCounted, obstacle: .openCircuit,
        "the circuit breaker is open")

    /// The error of an operation whose caller was cancelled.
    package static func cancelled(_ phase: RedisError.Phase) -> RedisError {
        RedisError(
            .cancelled, phase: phase, retry: .never, breakerEffect: .notCounted,
            isOutcomeUnknown: phase == .written || phase == .reading, "the caller was cancelled")
    }

    /// The error of an operation for which no connection had room.
    static let poolTimeout = RedisError(
        .pool, phase: .queued, retry: .never, "no connection became free within the pool timeout")

    /// The error of a connection that was not made in time.
    static func dialTimeout(_ phase: RedisError.Phase) -> RedisError {
        RedisError(.timeout, phase: phase, retry: .ifRepeatable, "no connection within the dial timeout")
    }

    /// What a connection ends with that was replaced: its server is well.
    static let retired = RedisError(.connection, phase: .queued, retry: .ifRepeatable, "the connection was retired")

    /// The error of every operation on a closed client.
    package static let clientClosed = RedisError(
        .cancelled, phase: .queued, retry: .never, breakerEffect: .notCounted, "the client has been closed")

    /// The error of a reply that the command cannot have.
    package static func unexpectedReply(to command: StaticString) -> RedisError {
        RedisError(
            .protocol, phase: .reading, retry: .never, "the server sent another kind of reply than \(command) has")
    }
}
