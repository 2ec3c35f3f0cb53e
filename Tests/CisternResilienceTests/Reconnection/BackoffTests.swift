import CisternResilience
import TestSupport
import Testing

@Suite struct BackoffTests {
    private let backoff = Backoff(minimum: .seconds(1), maximum: .seconds(3))

    @Test(arguments: [1, 2, 3, 10, 63, 64, 1000, .max])
    func noDelayIsDrawnOftenAtAnyAttempt(attempt: Int) {
        var generator = SplitMix64(seed: UInt64(truncatingIfNeeded: attempt))
        var counts: [Duration: Int] = [:]
        for _ in 0..<10_000 { counts[backoff.delay(attempt: attempt, using: &generator), default: 0] += 1 }
        #expect(counts.values.allSatisfy { $0 <= 100 })
    }

    @Test(arguments: [(1, 2), (2, 3), (3, 3), (1000, 3)])
    func delaysFillTheRangeAndDoNotLeaveIt(attempt: Int, ceiling: Int) {
        var generator = SplitMix64(seed: 7)
        let delays = (0..<10_000).map { _ in backoff.delay(attempt: attempt, using: &generator) }
        let range = Duration.seconds(ceiling - 1)
        #expect(delays.allSatisfy { $0 >= .seconds(1) && $0 <= .seconds(ceiling) })
        // A twentieth of the draws in each twentieth of the range, or nearly so.
        for part in 0..<20 {
            let low = Duration.seconds(1) + range * part / 20
            let count = delays.count { $0 >= low && $0 < low + range / 20 }
            #expect((350...650).contains(count))
        }
    }

    @Test func aRangeOfOneDelayIsThatDelay() {
        let backoff = Backoff(minimum: .milliseconds(5), maximum: .milliseconds(5))
        #expect(backoff.delay(attempt: 1) == .milliseconds(5))
        #expect(backoff.delay(attempt: 100) == .milliseconds(5))
    }

    @Test func aMaximumBelowTheMinimumCountsAsTheMinimum() {
        #expect(Backoff(minimum: .seconds(2), maximum: .seconds(1)).delay(attempt: 9) == .seconds(2))
    }

    @Test func theLongestDelaysThereAreDoNotOverflow() {
        let longest = Duration.seconds(Int64.max)
        let backoff = Backoff(minimum: .seconds(1), maximum: longest)
        for _ in 0..<1000 {
            let delay = backoff.delay(attempt: .max)
            #expect(delay >= .seconds(1) && delay <= longest)
        }
    }
}
