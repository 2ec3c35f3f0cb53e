/// Reads one JSON text from its first byte to its last, once.
struct JSONParser: ~Copyable, ~Escapable {
    let text: Span<UInt8>
    let maximumDepth: Int
    let maximumValues: Int
    var offset = 0
    private var values = 0
    private var depth = 0

    // Positions are asked for in rising order only, so counting on from the last one keeps the whole linear.
    private var counted = 0
    private var line = 1
    private var column = 1

    @_lifetime(copy text)
    init(_ text: Span<UInt8>, maximumDepth: Int, maximumValues: Int) {
        self.text = text
        self.maximumDepth = maximumDepth
        self.maximumValues = maximumValues
    }

    mutating func parse() throws(JSONError) -> JSONValue {
        skipWhitespace()
        let value = try parseValue()
        skipWhitespace()
        guard offset == text.count else { throw unexpected("the end after the value") }
        return value
    }

    private mutating func parseValue() throws(JSONError) -> JSONValue {
        let start = position(at: offset)
        values += 1
        guard values <= maximumValues else {
            throw JSONError(
                at: start, found: "another value", expected: "at most \(maximumValues) values", isTooMuch: true)
        }
        switch peek() {
        case UInt8(ascii: "{"): return JSONValue(.object(try parseObject()), at: start)
        case UInt8(ascii: "["): return JSONValue(.array(try parseArray()), at: start)
        case UInt8(ascii: "\""): return JSONValue(.string(try parseString()), at: start)
        case UInt8(ascii: "-"), .some(0x30...0x39): return JSONValue(try parseNumber(), at: start)
        case UInt8(ascii: "t"):
            try parseWord("true")
            return JSONValue(.bool(true), at: start)
        case UInt8(ascii: "f"):
            try parseWord("false")
            return JSONValue(.bool(false), at: start)
        case UInt8(ascii: "n"):
            try parseWord("null")
            return JSONValue(.null, at: start)
        case UInt8(ascii: "'"): throw unexpected("a value; strings stand in double quotes")
        case UInt8(ascii: "/"), UInt8(ascii: "#"): throw unexpected("a value; JSON has no comments")
        default: throw unexpected("a value")
        }
    }

    // MARK: Structures

    private mutating func parseObject() throws(JSONError) -> JSONObject {
        try enter()
        var members: [JSONMember] = []
        var keys = KeySet()
        if closes(with: "}") { return JSONObject() }
        while true {
            guard peek() == UInt8(ascii: "\"") else {
                throw unexpected(
                    peek() == UInt8(ascii: "}") ? "another key: no comma stands before `}`" : "a key in double quotes")
            }
            let keyPosition = position(at: offset)
            let key = try parseString()
            if let first = keys.insert(key, of: members) {
                throw JSONError(
                    at: keyPosition, found: "the key \"\(key.shortened)\" again",
                    expected: "each key once; it is already at \(first)", first: first)
            }
            skipWhitespace()
            guard take(":") else { throw unexpected("`:` after the key") }
            skipWhitespace()
            members.append(JSONMember(key: key, keyPosition: keyPosition, value: try parseValue()))
            skipWhitespace()
            if take("}") { break }
            guard take(",") else { throw unexpected("`,` or `}`") }
            skipWhitespace()
        }
        depth -= 1
        return JSONObject(members)
    }

    private mutating func parseArray() throws(JSONError) -> [JSONValue] {
        try enter()
        var values: [JSONValue] = []
        if closes(with: "]") { return values }
        while true {
            if peek() == UInt8(ascii: "]") { throw unexpected("another value: no comma stands before `]`") }
            values.append(try parseValue())
            skipWhitespace()
            if take("]") { break }
            guard take(",") else { throw unexpected("`,` or `]`") }
            skipWhitespace()
        }
        depth -= 1
        return values
    }

    /// Steps over the opening bracket, one level deeper.
    private mutating func enter() throws(JSONError) {
        guard depth < maximumDepth else { throw unexpected("at most \(maximumDepth) levels of nesting") }
        depth += 1
        offset += 1
    }

    /// Whether the structure that was just entered is empty; then it has been left.
    private mutating func closes(with bracket: Unicode.Scalar) -> Bool {
        skipWhitespace()
        guard take(bracket) else { return false }
        depth -= 1
        return true
    }

    // MARK: Steps

    func peek() -> UInt8? { offset < text.count ? text[offset] : nil }

    /// Steps over a byte if it is the next one.
    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: scalar) else { return false }
        offset += 1
        return true
    }

    private mutating func skipWhitespace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func parseWord(_ word: StaticString) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard peek() == word.utf8Start[index] else { throw unexpected("`\(word)`") }
            offset += 1
        }
    }

    // MARK: Places

    mutating func position(at target: Int) -> JSONPosition {
        while counted < target {
            let byte = text[counted]
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
            counted += 1
        }
        return JSONPosition(line: line, column: column)
    }

    /// The error of what stands at the next byte.
    mutating func unexpected(_ expected: String) -> JSONError {
        JSONError(at: position(at: offset), found: found, expected: expected)
    }

    private var found: String {
        guard offset < text.count else { return "the end of the text" }
        var bytes: [UInt8] = []
        for index in offset..<min(offset + 4, text.count) { bytes.append(text[index]) }
        let scalar = String(decoding: bytes, as: UTF8.self).unicodeScalars.first ?? "\u{FFFD}"
        switch scalar {
        case "\u{FEFF}": return "a byte order mark"
        case "\n", "\r": return "a line break"
        case "\t": return "a tab"
        case "\u{FFFD}": return "a byte that is not UTF-8"
        case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": return "a control character"
        default: return "`\(scalar)`"
        }
    }
}

extension String {
    /// Short enough for a message.
    fileprivate var shortened: String { unicodeScalars.count > 64 ? String(unicodeScalars.prefix(64)) + "…" : self }
}
