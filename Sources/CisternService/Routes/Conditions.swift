internal import CisternBytes
internal import CisternHTTP
internal import CisternRedis

extension HTTPRequestHead {
    /// Whether the request is to be carried out only if the key holds something, or does not (RFC 9110 §13).
    var isConditional: Bool { has(.ifMatch) || has(.ifNoneMatch) }

    /// What the request makes a condition; nil where it makes none.
    ///
    /// - Throws: A refusal when an entity tag does not parse.
    func precondition() throws(Refusal) -> Precondition? {
        guard isConditional else { return nil }
        return Precondition(match: try values(of: .ifMatch), noneMatch: try values(of: .ifNoneMatch))
    }

    private func values(of name: HTTPFieldName) throws(Refusal) -> Precondition.Values? {
        guard has(name) else { return nil }
        var digests: [Bytes] = []
        let list = readEntityTags(of: name) { isWeak, opaque in
            // If-Match compares strongly, and a weak tag equals nothing (RFC 9110 §8.8.3.2). What is no digest is no value's tag.
            if name == .ifMatch, isWeak { return }
            if Self.isDigest(opaque) { digests.append(Bytes(copying: opaque)) }
        }
        switch list {
        case .any: return .any
        case .tags: return .digests(digests)
        case nil:
            throw Refusal(
                .badRequest,
                "\(name == .ifMatch ? "If-Match" : "If-None-Match") is * or a list of entity tags, each in double quotes"
            )
        }
    }

    private static func isDigest(_ text: Span<UInt8>) -> Bool {
        guard text.count == 40 else { return false }
        for index in text.indices {
            // Digests are in lower case, and tags are compared byte by byte.
            guard (0x30...0x39).contains(text[index]) || (0x61...0x66).contains(text[index]) else { return false }
        }
        return true
    }
}
