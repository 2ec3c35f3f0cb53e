public import CisternBytes

/// One reply of a Redis server, in either version of its protocol (RESP2, RESP3).
///
/// Printing a value shows its kind and its size, never its content.
public enum RESPValue: Sendable, Hashable {
    /// A status such as `OK`.
    case simpleString(Bytes)
    /// An error that the server reports, short or long (`-`, `!`).
    case error(RESPError)
    /// A signed number.
    case integer(Int64)
    /// A string of any bytes.
    case bulkString(Bytes)
    /// Nothing: RESP3's null, and the null string and null array of RESP2.
    case null
    /// Values in order.
    case array([RESPValue])
    /// A floating-point number; it can be infinite or no number at all.
    case double(Double)
    /// True or false.
    case boolean(Bool)
    /// A whole number of any size, in decimal digits with an optional sign.
    case bigNumber(Bytes)
    /// A text with its format.
    case verbatimString(RESPVerbatimString)
    /// Keys with their values, in the order of the wire; nothing says that a key comes once.
    case map([RESPMapEntry])
    /// Values without order; nothing says that one comes once.
    case set([RESPValue])
    /// A message that answers no command.
    case push([RESPValue])
}

/// A key of a map and what it maps to.
public struct RESPMapEntry: Sendable, Hashable {
    /// The key.
    public var key: RESPValue
    /// What belongs to it.
    public var value: RESPValue

    /// A key with its value.
    public init(key: RESPValue, value: RESPValue) {
        self.key = key
        self.value = value
    }
}

/// A text that says in three bytes how it is written: `txt` or `mkd`.
public struct RESPVerbatimString: Sendable, Hashable {
    // Format, colon and text as they came: one word in RESPValue instead of two.
    let wire: Bytes

    /// The text without its format.
    public var text: Bytes { Bytes(wire.dropFirst(4)) }
    /// The format: three bytes.
    public var format: Bytes { Bytes(wire.prefix(3)) }

    /// What the wire carried; nil where it has no format.
    package init?(wire: Bytes) {
        guard wire.count >= 4, wire[3] == UInt8(ascii: ":") else { return nil }
        self.wire = wire
    }
}
