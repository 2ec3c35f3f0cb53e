/// One field line, checked and cut: the name, and the value without the whitespace around it.
struct HTTPFieldLine {
    let name: Range<Int>
    let value: Range<Int>

    /// Cuts a line that stands without its CRLF (RFC 9112 §5).
    init(_ line: Span<UInt8>) throws(HTTPRejection) {
        var colon = 0
        while colon < line.count, HTTPGrammar.token.contains(line[colon]) { colon += 1 }
        guard colon < line.count, line[colon] == 0x3A, colon > 0 else {
            throw Self.fault(in: line, afterName: colon)
        }
        if let control = HTTPGrammar.firstControl(in: line.extracting((colon + 1)...)) {
            throw control == 0x0D ? .bareCarriageReturn : .controlCharacter
        }
        name = 0..<colon
        value = HTTPGrammar.trimmed(colon + 1..<line.count, in: line)
    }

    private static func fault(in line: Span<UInt8>, afterName position: Int) -> HTTPRejection {
        guard position < line.count else { return .malformedField }
        switch line[position] {
        // RFC 9112 §5.2: a folded value, or §2.2 where it is the first line. Both are refused.
        case 0x09, 0x20: return position == 0 ? .foldedField : .whitespaceBeforeColon
        case 0x0D: return .bareCarriageReturn
        case 0x00..<0x20, 0x7F: return .controlCharacter
        default: return .malformedField
        }
    }
}
