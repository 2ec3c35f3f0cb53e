internal import CisternBytes

/// An element of a list as `name`, `name=value` or `name="value"`, perhaps with space around the sign and with parameters
/// behind a semicolon, which are not looked at (RFC 7240 §2, RFC 9111 §5.2).
package struct HTTPParameter: ~Escapable {
    package let name: Span<UInt8>
    /// Without the quotation marks; empty where there is none.
    package let value: Span<UInt8>

    @_lifetime(copy text)
    package init(_ text: Span<UInt8>) {
        var sign = 0
        while sign < text.count, text[sign] != 0x3D, text[sign] != 0x3B { sign += 1 }
        name = Self.trimmed(text, 0..<sign)
        guard sign < text.count, text[sign] == 0x3D else {
            value = text.extracting(sign..<sign)
            return
        }
        var begin = sign + 1
        while begin < text.count, Self.isSpace(text[begin]) { begin += 1 }
        var end = begin
        if begin < text.count, text[begin] == 0x22 {
            begin += 1
            end = begin
            // No value that is known here has a character that must be escaped.
            while end < text.count, text[end] != 0x22 { end += 1 }
            value = text.extracting(begin..<end)
        } else {
            while end < text.count, text[end] != 0x3B { end += 1 }
            value = Self.trimmed(text, begin..<end)
        }
    }

    /// Whether this is its name, which is written in lower case, in any case.
    package func isNamed(_ name: StaticString) -> Bool { ASCII.equal(self.name, lowercase: name) }

    @_lifetime(copy text)
    private static func trimmed(_ text: Span<UInt8>, _ range: Range<Int>) -> Span<UInt8> {
        var (begin, end) = (range.lowerBound, range.upperBound)
        while begin < end, isSpace(text[begin]) { begin += 1 }
        while end > begin, isSpace(text[end - 1]) { end -= 1 }
        return text.extracting(begin..<end)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
