/// How often health is checked, and what the results mean. The defaults are Plan v39's.
public struct HealthCheckerConfig: Sendable, Hashable {
    /// The pause between checks while all is well, give or take a tenth.
    public var interval: Duration
    /// The longest pause between checks while it is not: they come after 1 s, 2 s, 4 s… up to this.
    public var checkInterval: Duration
    /// Successes in a row that make it healthy again. At least 1.
    public var successThreshold: Int

    /// 30 s, 10 s and two successes, unless said otherwise.
    public init(
        interval: Duration = .seconds(30), checkInterval: Duration = .seconds(10), successThreshold: Int = 2
    ) {
        self.interval = interval
        self.checkInterval = checkInterval
        self.successThreshold = max(1, successThreshold)
    }
}

/// How a check of health came out.
public enum HealthCheckResult: Sendable, Hashable {
    case passed
    /// No answer in time; three in a row are needed to believe it.
    case timedOut
    /// A refusal, a reset, or an answer that says it does not work.
    case failed
}
