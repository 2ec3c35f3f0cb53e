internal import CisternBytes

/// `chunk-size [ chunk-ext ]` (RFC 9112 §7.1), without its CRLF.
struct HTTPChunkLine {
    let size: Int
    /// How many hexadecimal digits spelled it.
    let digits: Int

    init(_ line: Span<UInt8>) throws(HTTPRejection) {
        var size: UInt64 = 0
        var end = 0
        while end < line.count, let digit = ASCII.hexDigit(line[end]) {
            guard size >> 60 == 0 else { throw .chunkSizeOverflow }
            size = size << 4 | UInt64(digit)
            end += 1
        }
        guard end > 0 else { throw .invalidChunkSize }
        guard let exact = Int(exactly: size) else { throw .chunkSizeOverflow }
        self.size = exact
        digits = end
        try Self.checkExtensions(line, from: end)
    }

    /// RFC 9112 §7.1.1: `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`. Unknown ones are ignored,
    /// and all are unknown here; what does not follow the grammar is a size that someone else reads differently.
    private static func checkExtensions(_ line: Span<UInt8>, from start: Int) throws(HTTPRejection) {
        var position = start
        while position < line.count {
            let first = position == start
            skipWhitespace(line, &position)
            guard position < line.count, line[position] == 0x3B else {
                throw first ? .invalidChunkSize : .invalidChunkExtension
            }
            position += 1
            skipWhitespace(line, &position)
            guard skipToken(line, &position) else { throw .invalidChunkExtension }
            var value = position
            skipWhitespace(line, &value)
            guard value < line.count, line[value] == 0x3D else { continue }
            position = value + 1
            skipWhitespace(line, &position)
            guard skipToken(line, &position) || skipQuoted(line, &position) else { throw .invalidChunkExtension }
        }
    }

    private static func skipWhitespace(_ line: Span<UInt8>, _ position: inout Int) {
        while position < line.count, HTTPGrammar.isWhitespace(line[position]) { position += 1 }
    }

    private static func skipToken(_ line: Span<UInt8>, _ position: inout Int) -> Bool {
        let start = position
        while position < line.count, HTTPGrammar.token.contains(line[position]) { position += 1 }
        return position > start
    }

    private static func skipQuoted(_ line: Span<UInt8>, _ position: inout Int) -> Bool {
        guard position < line.count, line[position] == 0x22 else { return false }
        position += 1
        let start = position
        while position < line.count, line[position] != 0x22 {
            position += line[position] == 0x5C ? 2 : 1
        }
        guard position < line.count, HTTPGrammar.firstControl(in: line.extracting(start..<position)) == nil
        else { return false }
        position += 1
        return true
    }
}
