import CisternHTTP
import TestSupport
import Testing

/// xorshift64*, so that a failure can be repeated from its seed.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed &* 2 &+ 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

@Suite struct MutationTests {
    private static let samples =
        RequestLineTests.lines + RequestLineTests.targets + FieldTests.lines + FieldTests.hosts + FramingTests.lengths
        + FramingTests.codings + FramingTests.chunks + FramingTests.smuggling
    private static let telling = wire("\r\n\t :;,?#%/\"\\\u{00}\u{7F}\u{80}0159afgAFHTP")

    private func mutate(_ bytes: inout [UInt8], with generator: inout SeededGenerator) {
        let position = Int.random(in: 0..<max(bytes.count, 1), using: &generator)
        let byte = Self.telling.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<6, using: &generator) {
        case 0 where !bytes.isEmpty: bytes[position] = byte
        case 1 where !bytes.isEmpty: bytes.remove(at: position)
        case 2 where !bytes.isEmpty: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 3: bytes.insert(contentsOf: bytes.suffix(Int.random(in: 0..<40, using: &generator)), at: 0)
        case 4: bytes += Self.samples.randomElement(using: &generator)?.bytes ?? []
        default: bytes.insert(byte, at: position)
        }
    }

    private func cut(_ bytes: [UInt8], with generator: inout SeededGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 1...17, using: &generator))
            pieces.append(Array(bytes[start..<end]))
            start = end
        }
        return pieces
    }

    /// Whatever comes, nothing traps, and how it was cut makes no difference.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func brokenRequestsReadTheSameHoweverTheyAreCut(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<1500 {
            var bytes = try #require(Self.samples.randomElement(using: &generator)).bytes
            for _ in 0..<Int.random(in: 1...6, using: &generator) { mutate(&bytes, with: &generator) }
            let whole = transcript([bytes])
            let pieces = transcript(cut(bytes, with: &generator))
            guard whole == pieces else {
                Issue.record("\(bytes): \(pieces) instead of \(whole)")
                return
            }
        }
    }
}
