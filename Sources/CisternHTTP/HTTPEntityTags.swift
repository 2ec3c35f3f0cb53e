internal import CisternBytes

/// What `If-Match` or `If-None-Match` names (RFC 9110 §13.1.1, §13.1.2).
package enum HTTPEntityTagList: Sendable, Equatable {
    /// `*`: whatever there is.
    case any
    /// Entity tags, perhaps none.
    case tags
}

extension HTTPRequestHead {
    /// Reads a field of entity tags over all its lines. Calls `body` with each tag: whether it is weak, and what stands
    /// between its quotes.
    ///
    /// - Returns: What the field names; nil where it does not parse: `*` does not come with anything else, and a tag is in
    ///   quotes and holds no quote, space or control character (RFC 9110 §8.8.3).
    package func readEntityTags(
        of name: HTTPFieldName, _ body: (_ isWeak: Bool, _ opaque: Span<UInt8>) -> Void
    ) -> HTTPEntityTagList? {
        var isAny = false
        var count = 0
        var index = 0
        while let line = firstIndex(of: name, from: index) {
            let value = fieldValue(at: line)
            var position = 0
            while let element = HTTPEntityTag.next(in: value, from: &position) {
                switch element {
                case .any: isAny = true
                case .tag(let isWeak, let opaque): body(isWeak, value.extracting(opaque))
                case .malformed: return nil
                }
                count += 1
            }
            index = line + 1
        }
        if isAny { return count == 1 ? .any : nil }
        return .tags
    }
}

/// Cuts a field of entity tags into its elements. A comma within a tag's quotes belongs to the tag, and there are no escapes.
enum HTTPEntityTag: Equatable {
    case any
    case tag(isWeak: Bool, opaque: Range<Int>)
    case malformed

    /// The next element from `position` on; nil after the last one. Empty elements are passed over (RFC 9110 §5.6.1.2).
    static func next(in value: Span<UInt8>, from position: inout Int) -> HTTPEntityTag? {
        while position < value.count, isSpace(value[position]) || value[position] == comma { position += 1 }
        guard position < value.count else { return nil }
        var element = HTTPEntityTag.any
        if value[position] == UInt8(ascii: "*") {
            position += 1
        } else {
            // The mark is case-sensitive.
            let isWeak = value[position] == UInt8(ascii: "W")
            if isWeak {
                guard position + 1 < value.count, value[position + 1] == UInt8(ascii: "/") else { return .malformed }
                position += 2
            }
            guard position < value.count, value[position] == quote else { return .malformed }
            let start = position + 1
            position = start
            while position < value.count, isTagCharacter(value[position]) { position += 1 }
            guard position < value.count, value[position] == quote else { return .malformed }
            element = .tag(isWeak: isWeak, opaque: start..<position)
            position += 1
        }
        while position < value.count, isSpace(value[position]) { position += 1 }
        guard position == value.count || value[position] == comma else { return .malformed }
        return element
    }

    private static let comma = UInt8(ascii: ",")
    private static let quote = UInt8(ascii: "\"")

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isTagCharacter(_ byte: UInt8) -> Bool {
        byte == 0x21 || (0x23...0x7E).contains(byte) || byte >= 0x80
    }
}
