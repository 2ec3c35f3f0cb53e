package import CisternBytes
internal import Synchronization

/// How often times of each length occurred: a high dynamic range histogram. Written by one loop alone, without a lock;
/// read from any thread.
///
/// Up to 2 µs a bucket is 32 ns wide, and above 1/32 to 1/64 of its times; what is longer than 137 s counts as 137 s.
package final class LatencyHistogram: Sendable {
    /// Times are counted in units of 2⁵ ns.
    private static let unitShift = 5
    /// Buckets of each octave: 2⁵.
    private static let octaveShift = 5
    private static let longest: UInt64 = (1 << 32) - 1
    fileprivate static let buckets = index(of: longest) + 1

    /// Never replaced, and freed with this object: readers hold it.
    nonisolated(unsafe) private let counts: UnsafeMutablePointer<Atomic<Int>>
    private let sum = LoopCounter()

    package init() {
        counts = .allocate(capacity: Self.buckets)
        for bucket in 0..<Self.buckets { (counts + bucket).initialize(to: Atomic(0)) }
    }

    deinit {
        counts.deinitialize(count: Self.buckets)
        counts.deallocate()
    }

    /// Counts a time in nanoseconds; one below zero counts as zero.
    package func record(nanoseconds: Int64) {
        let time = UInt64(max(0, nanoseconds))
        let bucket = Self.index(of: min(time >> Self.unitShift, Self.longest))
        let count = counts[bucket].load(ordering: .relaxed)
        counts[bucket].store(count &+ 1, ordering: .relaxed)
        sum.add(Int(truncatingIfNeeded: time))
    }

    private static func index(of units: UInt64) -> Int {
        let octave = 63 - (units | 1).leadingZeroBitCount
        let shift = max(0, octave - octaveShift)
        return shift << octaveShift + Int(units >> UInt64(shift))
    }

    /// The longest time that a bucket counts, in nanoseconds.
    private static func longestTime(of bucket: Int) -> Int64 {
        let shift = max(0, bucket >> octaveShift - 1)
        let units = (bucket - shift << octaveShift + 1) << shift
        return Int64(units) << unitShift - 1
    }

    /// What several histograms have counted together.
    package static func summary(of histograms: [LatencyHistogram]) -> LatencySummary {
        let counts = (0..<buckets).map { bucket in
            histograms.reduce(0) { $0 &+ $1.counts[bucket].load(ordering: .relaxed) }
        }
        let total = counts.reduce(0, &+)
        guard total > 0 else { return .none }
        /// The time at the nearest rank: that many in a thousand did not exceed it.
        func quantile(_ perMille: Int) -> Duration {
            let rank = (total * perMille + 999) / 1000
            var seen = 0
            for (bucket, count) in counts.enumerated() {
                seen += count
                if seen >= rank { return .nanoseconds(longestTime(of: bucket)) }
            }
            return .nanoseconds(longestTime(of: buckets - 1))
        }
        var summary = LatencySummary.none
        summary.count = total
        summary.sum = .nanoseconds(histograms.reduce(0) { $0 &+ $1.sum.value })
        summary.p50 = quantile(500)
        summary.p90 = quantile(900)
        summary.p99 = quantile(990)
        summary.p999 = quantile(999)
        return summary
    }
}
