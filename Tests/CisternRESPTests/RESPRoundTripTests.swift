import CisternBytes
import CisternRESP
import TestSupport
import Testing

@Suite struct RESPRoundTripTests {
    @Test(arguments: 1...8)
    func valuesComeBackFromTheWire(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<300 {
            let value = RESPValue.random(depth: 3, using: &generator)
            let wire = Array(value.encoded())
            var pieces: [[UInt8]] = []
            var rest = wire[...]
            while !rest.isEmpty {
                let size = Int.random(in: 1...max(1, rest.count), using: &generator)
                pieces.append(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(try decodeRESP(pieces) == RESPOutcome(values: [value]))
        }
    }

    @Test func secondVersionSendsWhatRedisSendsInIt() throws {
        let value = RESPValue.array([
            .null, .double(0.5), .double(.infinity), .boolean(true), .bigNumber("12"), .set([.integer(1)]), .push([]),
            .map([RESPMapEntry(key: .bulkString("k"), value: .boolean(false))]), .error(RESPError("ERR x")),
            .verbatimString(RESPDecodingTests.verbatim("txt:hi")),
        ])
        let old = RESPValue.array([
            .null, .bulkString("0.5"), .bulkString("inf"), .integer(1), .bulkString("12"), .array([.integer(1)]),
            .array([]),
            .array([.bulkString("k"), .integer(0)]), .error(RESPError("ERR x")), .bulkString("hi"),
        ])
        let wire = value.encoded(as: .two)
        #expect(wire.string?.contains("_") == false)
        #expect(try decodeRESP([Array(wire)]).values == [old])
    }

    @Test func textThatALineCannotHoldIsSentWithItsLength() throws {
        #expect(RESPValue.error(RESPError("A\r\nB")).encoded() == "!4\r\nA\r\nB\r\n")
        #expect(RESPValue.simpleString("A\nB").encoded() == "$3\r\nA\nB\r\n")
    }
}

extension RESPValue {
    static func random(depth: Int, using generator: inout SplitMix64) -> RESPValue {
        func bytes(_ generator: inout SplitMix64) -> Bytes {
            Bytes(generator.bytes(Int.random(in: 0...40, using: &generator)))
        }
        func line(_ generator: inout SplitMix64) -> Bytes {
            Bytes(bytes(&generator).filter { $0 != 0x0D && $0 != 0x0A })
        }
        func values(_ generator: inout SplitMix64) -> [RESPValue] {
            (0..<Int.random(in: 0...5, using: &generator)).map { _ in random(depth: depth - 1, using: &generator) }
        }
        switch Int.random(in: 0..<(depth > 0 ? 12 : 9), using: &generator) {
        case 0: return .simpleString(line(&generator))
        case 1: return .error(RESPError(bytes(&generator)))
        case 2: return .integer(Int64(bitPattern: generator.next() >> UInt64.random(in: 0...63, using: &generator)))
        case 3: return .bulkString(bytes(&generator))
        case 4: return .null
        case 5: return .double(Double(bitPattern: generator.next()))
        case 6: return .boolean(Bool.random(using: &generator))
        case 7: return .bigNumber(Bytes("-\(generator.next())\(generator.next())"))
        case 8: return .verbatimString(RESPDecodingTests.verbatim(Bytes(Array("txt:".utf8) + bytes(&generator))))
        case 9: return .array(values(&generator))
        case 10: return .set(values(&generator))
        default:
            return .map(
                values(&generator).map { RESPMapEntry(key: $0, value: random(depth: 0, using: &generator)) })
        }
    }
}
