import CisternBytes
import CisternSockets
import Testing

@Suite struct LatencyHistogramTests {
    private func summary(_ times: [Int64]) -> LatencySummary {
        let histogram = LatencyHistogram()
        for time in times { histogram.record(nanoseconds: time) }
        return LatencyHistogram.summary(of: [histogram])
    }

    /// Every time that can be told apart, its neighbours, and the ends.
    private static let times: [Int64] =
        (0..<37).flatMap { octave in (-1...1).map { (Int64(1) << octave) + $0 } }
        + (0..<1000).map { Int64($0) * 137_000_000 }

    @Test func aTimeIsShownNeverShorterAndAtMostAThirtySecondLonger() {
        for time in Self.times {
            let shown = summary([time]).p50.saturatingNanoseconds
            #expect(shown >= time && shown <= max(time, 0) + max(time, 0) / 32 + 31, "\(time) is shown as \(shown)")
        }
    }

    @Test func percentilesAreOfTheNearestRank() {
        // In an order that is not theirs.
        let result = summary((1...1000).map { Int64($0 * 333 % 1001) * 1_000_000 })
        #expect(result.count == 1000)
        #expect(result.sum == .milliseconds(500_500))
        for (time, expected) in [(result.p50, 500), (result.p90, 900), (result.p99, 990), (result.p999, 999)] {
            let shown = time / .milliseconds(1)
            #expect(shown >= Double(expected) && shown <= Double(expected) * 33 / 32, "\(shown) for \(expected)")
        }
    }

    @Test func ofASingleTimeAllPercentilesAreThat() {
        let result = summary([5_000_000])
        #expect(result.p50 == result.p999 && result.p50 >= .milliseconds(5) && result.p50 < .milliseconds(6))
    }

    @Test func oneInAHundredIsNotInThePercentileBelow() {
        let result = summary(Array(repeating: 1000, count: 99) + [1_000_000_000])
        #expect(result.p99 < .microseconds(2))
        #expect(result.p999 >= .seconds(1))
    }

    @Test func nothingTrapsAndNothingIsLost() {
        let result = summary([.min, -1, 0, .max])
        #expect(result.count == 4)
        #expect(result.p50 < .microseconds(1))
        #expect(result.p999 > .seconds(130))
        #expect(summary([]) == .none)
    }

    @Test func severalAreSummedUp() {
        let histograms = (0..<3).map { _ in LatencyHistogram() }
        for (number, histogram) in histograms.enumerated() {
            for _ in 0...number { histogram.record(nanoseconds: 1_000_000 * Int64(number + 1)) }
        }
        let result = LatencyHistogram.summary(of: histograms)
        #expect(result.count == 6)
        #expect(result.sum == .milliseconds(1 + 4 + 9))
        #expect(result.p50 >= .milliseconds(2) && result.p90 >= .milliseconds(3))
    }
}
