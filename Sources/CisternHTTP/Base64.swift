package import CisternBytes

/// Base64 of RFC 4648: what text can carry of any bytes. Each byte string has one spelling.
package struct Base64: Sendable {
    /// With padding (§4): for JSON.
    package static let standard = Base64(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", isPadded: true)
    /// Of characters that a URL can hold, without padding (§5).
    package static let url = Base64(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", isPadded: false)

    private static let padding = UInt8(ascii: "=")
    private static let noDigit: UInt8 = 64

    private let digits: [UInt8]
    /// What each character stands for.
    private let values: [UInt8]
    private let isPadded: Bool

    private init(_ alphabet: String, isPadded: Bool) {
        digits = Array(alphabet.utf8)
        var values = [UInt8](repeating: Self.noDigit, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        self.values = values
        self.isPadded = isPadded
    }

    /// Nil where the text is not what ``encode(_:)`` makes of some bytes: another character, padding too much or too little,
    /// an impossible length, or bits set behind the last byte.
    package func decode(_ text: Span<UInt8>) -> Bytes? {
        let count = text.count - paddingCount(text)
        guard count % 4 != 1, !isPadded || text.count % 4 == 0 else { return nil }
        var decoded = [UInt8](repeating: 0, count: count / 4 * 3 + max(0, count % 4 - 1))
        var target = 0
        var bits: UInt32 = 0
        for index in 0..<count {
            let value = values[Int(text[index])]
            guard value != Self.noDigit else { return nil }
            bits = bits << 6 | UInt32(value)
            guard index & 3 == 3 else { continue }
            decoded[target] = UInt8(truncatingIfNeeded: bits >> 16)
            decoded[target + 1] = UInt8(truncatingIfNeeded: bits >> 8)
            decoded[target + 2] = UInt8(truncatingIfNeeded: bits)
            target += 3
        }
        switch count % 4 {
        case 2:
            decoded[target] = UInt8(truncatingIfNeeded: bits >> 4)
            if bits & 0xF != 0 { return nil }
        case 3:
            decoded[target] = UInt8(truncatingIfNeeded: bits >> 10)
            decoded[target + 1] = UInt8(truncatingIfNeeded: bits >> 2)
            if bits & 0x3 != 0 { return nil }
        default: break
        }
        return Bytes(adopting: decoded)
    }

    /// How many characters at the end only fill it up.
    private func paddingCount(_ text: Span<UInt8>) -> Int {
        guard isPadded, text.count >= 4, text[text.count - 1] == Self.padding else { return 0 }
        return text[text.count - 2] == Self.padding ? 2 : 1
    }

    /// The text of these bytes.
    package func encode(_ bytes: Span<UInt8>) -> Bytes {
        var encoded: [UInt8] = []
        encoded.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while bytes.count - index >= 3 {
            append(
                UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]), 4, to: &encoded)
            index += 3
        }
        switch bytes.count - index {
        case 1: append(UInt32(bytes[index]) << 16, 2, to: &encoded)
        case 2: append(UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8, 3, to: &encoded)
        default: break
        }
        return Bytes(adopting: encoded)
    }

    /// Appends the first `count` of the four digits of 24 bits.
    private func append(_ bits: UInt32, _ count: Int, to encoded: inout [UInt8]) {
        for digit in 0..<count { encoded.append(digits[Int(bits >> UInt32(18 - 6 * digit)) & 63]) }
        guard isPadded else { return }
        for _ in count..<4 { encoded.append(Self.padding) }
    }
}
