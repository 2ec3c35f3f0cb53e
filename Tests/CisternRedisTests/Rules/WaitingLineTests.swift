import TestSupport
import Testing

@testable import CisternRedis

@Suite struct WaitingLineTests {
    @Test func firstComeFirstServed() {
        var line = WaitingLine<String>()
        line.append("a", number: 1)
        line.append("b", number: 5)
        line.append("c", number: 7)
        #expect(line.popFirst() == "a")
        #expect(line.count == 2)
        #expect(line.removeAll() == ["b", "c"])
        #expect(line.isEmpty && line.popFirst() == nil)
    }

    @Test func whoeverGivesUpLeavesFromAnyPlaceOnce() {
        var generator = SplitMix64(seed: 3)
        var line = WaitingLine<Int>()
        var expected: [Int] = []
        for number in 0..<1000 where number % 3 != 0 {
            line.append(number, number: number)
            expected.append(number)
        }
        for _ in 0..<600 {
            let number = Int.random(in: -5..<1005, using: &generator)
            let index = expected.firstIndex(of: number)
            #expect(line.remove(number) == index.map { expected[$0] })
            if let index { expected.remove(at: index) }
        }
        #expect(line.removeAll() == expected)
    }
}
