package import CisternBytes

/// base64url of RFC 4648 §5, without padding: what a URL can carry of any bytes.
package enum Base64URL {
    /// Nil where the text is not what ``encode(_:)`` makes of some bytes: another character, padding, an impossible
    /// length, or bits set behind the last byte. So each byte string has one spelling.
    package static func decode(_ text: Span<UInt8>) -> Bytes? {
        guard text.count % 4 != 1 else { return nil }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var count = 0
        for index in text.indices {
            guard let value = value(of: text[index]) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                decoded.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
                bits &= (1 << UInt32(count)) - 1
            }
        }
        return bits == 0 ? Bytes(adopting: decoded) : nil
    }

    package static func encode(_ bytes: Span<UInt8>) -> Bytes {
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        var encoded: [UInt8] = []
        encoded.reserveCapacity(bytes.count / 3 * 4 + 4)
        var bits: UInt32 = 0
        var count = 0
        for index in bytes.indices {
            bits = bits << 8 | UInt32(bytes[index])
            count += 8
            while count >= 6 {
                count -= 6
                encoded.append(alphabet.utf8Start[Int(bits >> UInt32(count)) & 63])
            }
            bits &= (1 << UInt32(count)) - 1
        }
        if count > 0 { encoded.append(alphabet.utf8Start[Int(bits << UInt32(6 - count)) & 63]) }
        return Bytes(adopting: encoded)
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case 0x41...0x5A: character - 0x41
        case 0x61...0x7A: character - 0x61 + 26
        case 0x30...0x39: character - 0x30 + 52
        case 0x2D: 62
        case 0x5F: 63
        default: nil
        }
    }
}
