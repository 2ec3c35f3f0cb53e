import CisternJSON

/// SplitMix64: the same numbers for the same seed, so that a failure can be repeated.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

extension JSONValue {
    static func random(depth: Int, using random: inout SeededRandom) -> JSONValue {
        switch Int.random(in: 0...(depth > 0 ? 6 : 4), using: &random) {
        case 0: return nil
        case 1: return JSONValue(.bool(Bool.random(using: &random)))
        case 2:
            return JSONValue(
                .integer(Int64(truncatingIfNeeded: random.next() >> UInt64.random(in: 0...63, using: &random))))
        case 3:
            let double = Double(bitPattern: random.next())
            return JSONNumber(double).map { JSONValue(.number($0)) } ?? JSONValue(.null)
        case 4: return JSONValue(.string(text(using: &random)))
        case 5:
            let count = Int.random(in: 0...6, using: &random)
            return JSONValue(.array((0..<count).map { _ in .random(depth: depth - 1, using: &random) }))
        default:
            let count = Int.random(in: 0...12, using: &random)
            let members = (0..<count).map { index in
                JSONMember(key: "\(index):" + text(using: &random), value: .random(depth: depth - 1, using: &random))
            }
            return JSONValue(.object(JSONObject(members)))
        }
    }

    private static func text(using random: inout SeededRandom) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let limit: UInt32 = [0x20, 0x80, 0xFFFF, 0x10FFFF][Int.random(in: 0...3, using: &random)]
            text.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: 0...limit, using: &random)) ?? "\u{FFFD}")
        }
        return text
    }
}
