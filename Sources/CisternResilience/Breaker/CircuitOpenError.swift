/// An operation was not carried out, because the circuit breaker is open.
public struct CircuitOpenError: Error, Sendable, Hashable, CustomStringConvertible {
    /// How long until trying again may help.
    public let retryAfter: Duration

    /// What happened, in words.
    public var description: String { "the circuit breaker is open; try again in \(retryAfter)" }
}
