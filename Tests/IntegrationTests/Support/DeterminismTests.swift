import TestSupport
import Testing

@Suite("Clocks, seeds and splits", .timeLimit(.minutes(20))) struct DeterminismTests {
    @Test func theSequenceIsTheOnePublished() {
        var generator = SplitMix64(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
        #expect(Set(generator.bytes(10_000)).count == 256)
    }

    @Test func everySplitIsFed() throws {
        var seen: [[[UInt8]]] = []
        try verifySplits([1, 2, 3]) { pieces in
            seen.append(pieces)
            return pieces.flatMap { $0 }
        }
        #expect(seen == [[[1, 2, 3]], [[1], [2], [3]], [[1], [2, 3]], [[1, 2], [3]]])
    }

    @Test func aDecoderThatMindsOneSplitIsFound() {
        #expect(throws: TestFailure.self) {
            try verifySplits([1, 2, 3, 4]) { pieces in pieces.count == 2 && pieces[0].count == 3 ? 0 : 1 }
        }
    }

    @Test func theClockMovesWhenToldAndWakesInOrder() async throws {
        let clock = ManualClock()
        let start = clock.now
        async let sleep: Void = clock.sleep(until: start.advanced(by: .seconds(2)), tolerance: nil)
        while clock.sleepers == 0 { await Task.yield() }
        clock.advance(by: .milliseconds(1999))
        #expect(clock.sleepers == 1)
        clock.advance(by: .milliseconds(1))
        try await sleep
        #expect(start.duration(to: clock.now) == .seconds(2))
    }

    @Test func aCancelledSleepEnds() async {
        let clock = ManualClock()
        let sleeper = Task { try await clock.sleep(for: .seconds(1)) }
        while clock.sleepers == 0 { await Task.yield() }
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        #expect(clock.sleepers == 0)
    }
}
