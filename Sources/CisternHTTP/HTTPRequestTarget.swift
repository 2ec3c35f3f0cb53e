internal import CisternBytes

/// Takes a request target apart by its form (RFC 9112 §3.2).
enum HTTPRequestTarget {
    static func parse(
        _ line: Span<UInt8>, at target: Range<Int>, into head: HTTPRequestHead
    ) throws(HTTPRejection) {
        // §3.2.3: the form of an authority is that of CONNECT alone, which has been refused before.
        if line[target.lowerBound] == 0x2F {
            head.facts.targetForm = .origin
            cutQuery(of: target, in: line, into: head)
        } else if target.count == 1, line[target.lowerBound] == 0x2A {
            // §3.2.4: for OPTIONS alone.
            guard head.method == .options else { throw .malformedTarget }
            head.facts.targetForm = .asterisk
        } else {
            try parseAbsolute(line, at: target, into: head)
        }
    }

    /// §3.2.2: `http://authority/path?query`; a server must accept it even where it expects none.
    private static func parseAbsolute(
        _ line: Span<UInt8>, at target: Range<Int>, into head: HTTPRequestHead
    ) throws(HTTPRejection) {
        let text = line.extracting(target)
        let scheme: Int
        if text.count > 7, ASCII.equal(text.extracting(..<7), lowercase: "http://") {
            scheme = 7
        } else if text.count > 8, ASCII.equal(text.extracting(..<8), lowercase: "https://") {
            scheme = 8
            head.facts.isSecureTarget = true
        } else {
            throw .malformedTarget
        }
        var end = scheme
        while end < text.count, text[end] != 0x2F, text[end] != 0x3F { end += 1 }
        let start = target.lowerBound
        guard let authority = HTTPAuthority(text.extracting(scheme..<end)) else { throw .invalidHost }
        head.adopt(authority, at: HTTPRange(start + scheme..<start + end))
        if head.method == .options, end == text.count {
            head.facts.targetForm = .asterisk
        } else {
            head.facts.targetForm = .absolute
            cutQuery(of: start + end..<target.upperBound, in: line, into: head)
        }
    }

    private static func cutQuery(of range: Range<Int>, in line: Span<UInt8>, into head: HTTPRequestHead) {
        guard let length = ASCII.firstIndex(of: 0x3F, in: line.extracting(range)) else {
            head.pathRange = HTTPRange(range)
            return
        }
        let position = range.lowerBound + length
        head.facts.hasQuery = true
        head.pathRange = HTTPRange(range.lowerBound..<position)
        head.queryRange = HTTPRange(position + 1..<range.upperBound)
    }
}
