/// A set of ASCII characters as 128 bits.
struct ASCIISet: Sendable {
    let low: UInt64
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let bits = byte < 64 ? low : high
        return byte < 128 && (bits &>> UInt64(byte & 63)) & 1 != 0
    }
}

/// Which bytes may stand where.
enum HTTPGrammar {
    /// `tchar` of RFC 9110 §5.6.2.
    static let token = ASCIISet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE)
    /// `unreserved` of RFC 3986 §2.3.
    static let unreserved = ASCIISet(low: 0x03FF_6000_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
    /// `unreserved` and the slash.
    static let unreservedOrSlash = ASCIISet(low: 0x03FF_E000_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
    /// What a path may hold as it stands (`pchar` and the slash, RFC 3986 §3.3), the sign of an encoded byte included.
    static let path = ASCIISet(low: 0x2FFF_FFF2_0000_0000, high: 0x47FF_FFFE_87FF_FFFF)
    /// `unreserved` and `sub-delims` of RFC 3986 §2, without the comma: `Host: a,b` may be two fields that someone
    /// joined, and no DNS name holds one.
    static let host = ASCIISet(low: 0x2BFF_6FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
    /// What a request target may hold below 0x80: visible characters except `#`, which begins a fragment.
    ///
    /// RFC 3986 would have some of them, and all bytes above, percent-encoded. Clients send them raw (curl does), each
    /// has one reading only, and it is the same byte of the key.
    static let target = ASCIISet(low: 0xFFFF_FFF6_0000_0000, high: 0x7FFF_FFFF_FFFF_FFFF)

    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool { byte >= 0x80 || target.contains(byte) }

    /// SP or HTAB, the OWS of RFC 9110 §5.6.3.
    @inline(__always)
    static func isWhitespace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// The first byte that a field value may not hold: a control character other than HTAB (RFC 9110 §5.5).
    static func firstControl(in value: Span<UInt8>) -> UInt8? {
        let words = value.bytes
        var index = 0
        while index &+ 8 <= value.count {
            // Eight bytes at once: whether any is below 0x20 or is DEL.
            let word = words.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
            let deleted = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let below = (word &- 0x2020_2020_2020_2020) & ~word
            let zero = (deleted &- 0x0101_0101_0101_0101) & ~deleted
            if (below | zero) & 0x8080_8080_8080_8080 != 0 {
                for offset in index..<index + 8 where isControl(value[offset]) { return value[offset] }
            }
            index &+= 8
        }
        while index < value.count {
            if isControl(value[index]) { return value[index] }
            index &+= 1
        }
        return nil
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 || byte == 0x7F }

    /// `range` of `text` without the whitespace at both its ends.
    static func trimmed(_ range: Range<Int>, in text: Span<UInt8>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, isWhitespace(text[lower]) { lower += 1 }
        while upper > lower, isWhitespace(text[upper - 1]) { upper -= 1 }
        return lower..<upper
    }
}
