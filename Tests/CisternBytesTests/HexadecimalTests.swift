import CisternBytes
import TestSupport
import Testing

@Suite struct HexadecimalTests {
    @Test func aNumberHasItsSixteenDigits() {
        var generator = SplitMix64(seed: 2)
        let numbers = [0, 1, 0x0123_4567_89AB_CDEF, .max, 0xA, 0xA << 60] + (0..<1000).map { _ in generator.next() }
        for number in numbers {
            let digits = String(number, radix: 16)
            #expect(Bytes(hexadecimal: number).string == String(repeating: "0", count: 16 - digits.count) + digits)
        }
    }
}
