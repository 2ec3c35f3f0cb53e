/// How long to wait before attempt n: exponential, with jitter over the whole range.
///
/// The range is clamped first and then drawn from, `delay(n) = min + U(0, min(max, min·2ⁿ) − min)` for n = 1, 2, …, so
/// that clients which lost a server together do not come back together, at no n.
public struct Backoff: Sendable, Hashable {
    /// The shortest delay. More than zero.
    public let minimum: Duration
    /// The longest delay. At least `minimum`.
    public let maximum: Duration

    /// A backoff between two delays; `maximum` below `minimum` counts as `minimum`.
    public init(minimum: Duration, maximum: Duration) {
        self.minimum = minimum
        self.maximum = max(minimum, maximum)
    }

    /// The delay before retry `attempt`, which counts from 1.
    public func delay(attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        delay(attempt: attempt, fraction: Double.random(in: 0...1, using: &generator))
    }

    /// The delay before retry `attempt`, which counts from 1, from the system's random numbers.
    public func delay(attempt: Int) -> Duration {
        delay(attempt: attempt, fraction: Double.random(in: 0...1))
    }

    /// The delay at a place of its range, from 0 to 1.
    package func delay(attempt: Int, fraction: Double) -> Duration {
        // Doubling stops at the maximum, so no exponent overflows.
        var ceiling = minimum
        var doublings = attempt
        while doublings > 0, ceiling < maximum {
            ceiling = min(maximum, ceiling * 2)
            doublings -= 1
        }
        return minimum + (ceiling - minimum) * fraction
    }
}
