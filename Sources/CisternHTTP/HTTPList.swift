/// Cuts a list-valued field at its commas (RFC 9110 §5.6.1).
package enum HTTPList {
    /// The next element from `position` on, without the whitespace around it; nil after the last one.
    ///
    /// Commas inside quoted strings cut nothing. Empty elements come out empty. Entity tags have quotes but no
    /// escapes and need a reader of their own.
    package static func next(in value: Span<UInt8>, from position: inout Int) -> Range<Int>? {
        guard position >= 0, position <= value.count else { return nil }
        let start = position
        var end = start
        var quoted = false
        while end < value.count {
            switch value[end] {
            case 0x22: quoted.toggle()
            case 0x5C where quoted: end += 1
            case 0x2C where !quoted:
                position = end + 1
                return HTTPGrammar.trimmed(start..<end, in: value)
            default: break
            }
            end += 1
        }
        position = value.count + 1
        return HTTPGrammar.trimmed(start..<value.count, in: value)
    }
}
