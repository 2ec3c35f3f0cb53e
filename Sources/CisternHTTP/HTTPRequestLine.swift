internal import CisternBytes

/// Reads `method SP request-target SP HTTP-version` (RFC 9112 §3).
enum HTTPRequestLine {
    static func parse(
        _ line: Span<UInt8>, limits: HTTPLimits, into head: HTTPRequestHead
    ) throws(HTTPRejection) {
        var methodEnd = 0
        while methodEnd < line.count, HTTPGrammar.token.contains(line[methodEnd]) { methodEnd += 1 }
        guard methodEnd > 0, methodEnd < line.count, line[methodEnd] == 0x20 else {
            throw fault(at: methodEnd, in: line)
        }
        // RFC 9112 §3 lets a recipient be lenient about more whitespace; that is one more way to disagree.
        var targetEnd = methodEnd + 1
        while targetEnd < line.count, HTTPGrammar.isTarget(line[targetEnd]) { targetEnd += 1 }
        guard targetEnd < line.count, line[targetEnd] == 0x20 else { throw fault(at: targetEnd, in: line) }
        let target = methodEnd + 1..<targetEnd
        guard !target.isEmpty else { throw .malformedRequestLine }
        guard target.count <= limits.target else { throw .targetTooLong }

        head.facts.version = try version(line.extracting((targetEnd + 1)...))
        guard let method = method(line.extracting(..<methodEnd)) else { throw .unknownMethod }
        head.facts.method = method
        head.targetRange = HTTPRange(target)
        try HTTPRequestTarget.parse(line, at: target, into: head)
    }

    /// Why a line longer than any good one is refused: its beginning alone is known.
    static func faultOfOverlong(_ beginning: Span<UInt8>) -> HTTPRejection {
        var end = 0
        while end < beginning.count, HTTPGrammar.token.contains(beginning[end]) { end += 1 }
        // RFC 9112 §3: 501 for a method longer than any that is implemented, 414 for a target longer than is wanted.
        guard end < beginning.count else { return .unknownMethod }
        guard end > 0, beginning[end] == 0x20 else { return fault(at: end, in: beginning) }
        return method(beginning.extracting(..<end)) == nil ? .unknownMethod : .targetTooLong
    }

    private static func fault(at position: Int, in line: Span<UInt8>) -> HTTPRejection {
        guard position < line.count else { return .malformedRequestLine }
        switch line[position] {
        case 0x0D: return .bareCarriageReturn
        case 0x09: return .malformedRequestLine
        case 0x00..<0x20, 0x7F: return .controlCharacter
        case 0x23: return .malformedTarget
        default: return .malformedRequestLine
        }
    }

    /// `"HTTP/" DIGIT "." DIGIT`, case-sensitive (RFC 9112 §2.3). The HTTP/2 preface, `PRI * HTTP/2.0`, ends here.
    private static func version(_ text: Span<UInt8>) throws(HTTPRejection) -> HTTPVersion {
        guard text.count == 8, ASCII.equal(text.extracting(..<5), "HTTP/"), text[6] == 0x2E,
            0x30...0x39 ~= text[5], 0x30...0x39 ~= text[7]
        else {
            switch HTTPGrammar.firstControl(in: text) {
            case nil: throw .malformedRequestLine
            case 0x0D: throw .bareCarriageReturn
            case _: throw .controlCharacter
            }
        }
        guard text[5] == 0x31 else { throw .unsupportedVersion }
        return text[7] == 0x30 ? .http10 : .http11
    }

    private static func method(_ text: Span<UInt8>) -> HTTPMethod? {
        let candidate: HTTPMethod
        switch text.count {
        case 3: candidate = text[0] == 0x47 ? .get : .put
        case 4: candidate = text[0] == 0x48 ? .head : .post
        case 5:
            switch text[0] {
            case 0x50: candidate = .patch
            case 0x51: candidate = .query
            default: candidate = .trace
            }
        case 6: candidate = .delete
        case 7: candidate = .options
        default: return nil
        }
        return ASCII.equal(text, candidate.token) ? candidate : nil
    }
}
