import CisternBytes

extension RESPValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The kind and the size; of an error its code.
    public var description: String {
        switch self {
        case .simpleString(let bytes): "simpleString(\(bytes.count) bytes)"
        case .error(let error): "error(\(error.description))"
        case .integer: "integer"
        case .bulkString(let bytes): "bulkString(\(bytes.count) bytes)"
        case .null: "null"
        case .array(let values): "array(\(values.count))"
        case .double: "double"
        case .boolean: "boolean"
        case .bigNumber(let digits): "bigNumber(\(digits.count) bytes)"
        case .verbatimString(let string): "verbatimString(\(string.wire.count - 4) bytes)"
        case .map(let entries): "map(\(entries.count))"
        case .set(let values): "set(\(values.count))"
        case .push(let values): "push(\(values.count))"
        }
    }

    /// The same as ``description``.
    public var debugDescription: String { description }
    /// No children, so that `dump` shows no content either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension RESPMapEntry: CustomStringConvertible, CustomReflectable {
    /// The kinds and sizes of both.
    public var description: String { "\(key): \(value)" }
    /// No children, so that `dump` shows no content either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension RESPVerbatimString: CustomStringConvertible, CustomReflectable {
    /// The size alone.
    public var description: String { "RESPVerbatimString(\(wire.count - 4) bytes)" }
    /// No children, so that `dump` shows no content either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
