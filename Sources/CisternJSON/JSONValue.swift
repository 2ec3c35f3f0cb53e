package import CisternBytes

/// A JSON value that knows where it stood in its text.
///
/// Two values are equal when their content is; where they stood does not matter.
package struct JSONValue: Sendable {
    package enum Content: Sendable, Hashable {
        case null
        case bool(Bool)
        case integer(Int64)
        /// A number that is not a whole one, or too large for `integer`.
        case number(JSONNumber)
        case string(String)
        case array([JSONValue])
        case object(JSONObject)
    }

    package let content: Content
    package let position: JSONPosition

    package init(_ content: Content, at position: JSONPosition = .nowhere) {
        self.content = content
        self.position = position
    }

    /// How deep arrays and objects may lie in each other, where the caller sets no limit of its own.
    package static let defaultDepth = 64

    /// Parses a whole text as one value, strictly by RFC 8259, in time linear in its size.
    ///
    /// - Parameter maximumValues: How many values there may be, those in arrays and objects and these themselves: each takes
    ///   memory many times the two bytes that it may take in the text.
    package static func parse(
        _ text: Span<UInt8>, maximumDepth: Int = defaultDepth, maximumValues: Int = .max
    ) throws(JSONError) -> JSONValue {
        var parser = JSONParser(text, maximumDepth: maximumDepth, maximumValues: maximumValues)
        return try parser.parse()
    }

    package static func parse(_ text: Bytes, maximumDepth: Int = defaultDepth) throws(JSONError) -> JSONValue {
        try parse(text.span, maximumDepth: maximumDepth)
    }

    package static func parse(_ text: [UInt8], maximumDepth: Int = defaultDepth) throws(JSONError) -> JSONValue {
        try parse(text.span, maximumDepth: maximumDepth)
    }

    package static func parse(_ text: String, maximumDepth: Int = defaultDepth) throws(JSONError) -> JSONValue {
        try parse(Array(text.utf8), maximumDepth: maximumDepth)
    }
}

extension JSONValue: Hashable {
    package static func == (left: JSONValue, right: JSONValue) -> Bool { left.content == right.content }
    package func hash(into hasher: inout Hasher) { hasher.combine(content) }
}

extension JSONValue {
    package var string: String? { if case .string(let value) = content { value } else { nil } }
    package var bool: Bool? { if case .bool(let value) = content { value } else { nil } }
    package var integer: Int64? { if case .integer(let value) = content { value } else { nil } }
    package var array: [JSONValue]? { if case .array(let value) = content { value } else { nil } }
    package var object: JSONObject? { if case .object(let value) = content { value } else { nil } }
    package var isNull: Bool { content == .null }

    /// What kind of value it is, with its article, for messages.
    package var kind: String {
        switch content {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self.init(.string(value)) }
    package init(integerLiteral value: Int64) { self.init(.integer(value)) }
    package init(booleanLiteral value: Bool) { self.init(.bool(value)) }
    package init(arrayLiteral elements: JSONValue...) { self.init(.array(elements)) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(.object(JSONObject(elements.map { JSONMember(key: $0.0, value: $0.1) })))
    }
    package init(nilLiteral: ()) { self.init(.null) }
}
