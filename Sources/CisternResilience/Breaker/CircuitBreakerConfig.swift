/// When a circuit breaker opens and closes. The defaults are Plan v39's.
public struct CircuitBreakerConfig: Sendable, Hashable {
    /// Failures in a row that open it. At least 1.
    public var maxFailures: Int
    /// How long it stays open before operations are let through on trial.
    public var resetTimeout: Duration
    /// The pause between two probes while it is open, and the time over which the rate of failures is looked at.
    public var checkInterval: Duration
    /// Successes in a row that close it, and the most operations on trial at a time. At least 1.
    public var successThreshold: Int

    /// Five failures, 30 s, 10 s and two successes, unless said otherwise. Numbers below 1 count as 1.
    public init(
        maxFailures: Int = 5, resetTimeout: Duration = .seconds(30), checkInterval: Duration = .seconds(10),
        successThreshold: Int = 2
    ) {
        self.maxFailures = max(1, maxFailures)
        self.resetTimeout = resetTimeout
        self.checkInterval = checkInterval
        self.successThreshold = max(1, successThreshold)
    }
}
