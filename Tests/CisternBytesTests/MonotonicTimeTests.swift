import CisternBytes
import Testing

struct MonotonicTimeTests {
    @Test func neverGoesBack() {
        var last = MonotonicTime.now
        for _ in 0..<10_000 {
            let next = MonotonicTime.now
            #expect(next >= last)
            last = next
        }
    }

    @Test(
        arguments: [
            (Int64(5), Duration.nanoseconds(7), Int64(12)), (5, .nanoseconds(-7), -2), (5, .zero, 5),
            (.max - 1, .nanoseconds(1), .max), (.max, .nanoseconds(1), .max), (0, .seconds(Int64.max), .max),
            (1, .seconds(9_223_372_037), .max), (0, .seconds(-9_223_372_037), .min), (-1, .seconds(Int64.min), .min),
            (.min, .nanoseconds(-1), .min), (0, .seconds(3), 3_000_000_000), (0, .milliseconds(-1500), -1_500_000_000),
        ] as [(Int64, Duration, Int64)])
    func additionStopsAtTheEndsOfTime(_ time: Int64, _ duration: Duration, _ sum: Int64) {
        #expect((MonotonicTime(nanoseconds: time) + duration).nanoseconds == sum)
    }

    @Test(
        arguments: [
            (7, 5, 2), (5, 7, -2), (.max, -1, .max), (.min, 1, .min), (.min, .min, 0),
        ] as [(Int64, Int64, Int64)])
    func differencesStopAtTheEndsOfTime(_ later: Int64, _ earlier: Int64, _ nanoseconds: Int64) {
        let difference = MonotonicTime(nanoseconds: later).since(MonotonicTime(nanoseconds: earlier))
        #expect(difference == .nanoseconds(nanoseconds))
    }
}
