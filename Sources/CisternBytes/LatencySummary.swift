/// How long something took, over all times that it was done.
public struct LatencySummary: Sendable, Hashable {
    /// How often it was done.
    public var count: Int
    /// How long it took, all in all.
    public var sum: Duration
    /// The time that half of them did not exceed; zero where there were none. Like the others it is at most 1/32 too long.
    public var p50: Duration
    /// The time that nine in ten did not exceed.
    public var p90: Duration
    /// The time that 99 in a hundred did not exceed.
    public var p99: Duration
    /// The time that 999 in a thousand did not exceed.
    public var p999: Duration

    /// Of what was never done.
    package static let none = LatencySummary(count: 0, sum: .zero, p50: .zero, p90: .zero, p99: .zero, p999: .zero)
}
