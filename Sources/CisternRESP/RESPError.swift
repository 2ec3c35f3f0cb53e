public import CisternBytes

/// An error that a Redis server reports in place of a value.
///
/// Printing one shows its code alone: servers repeat arguments in the text behind it.
public struct RESPError: Error, Sendable, Hashable {
    /// The whole line, code and text, without its type byte.
    public let message: Bytes

    /// The error whose whole line is `message`.
    public init(_ message: Bytes) {
        self.message = message
    }

    /// The first word, which says what kind of error it is: `WRONGTYPE`, `ERR`, `LOADING`…
    public var code: String {
        String(decoding: message.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self)
    }

    /// Whether ``code`` is `code`, found without making a string.
    public func hasCode(_ code: StaticString) -> Bool {
        let size = code.utf8CodeUnitCount
        guard message.count >= size, message.count == size || message[size] == UInt8(ascii: " ") else { return false }
        return ASCII.equal(message.span.extracting(first: size), code)
    }
}

extension RESPError: CustomStringConvertible, CustomReflectable {
    /// The code where it looks like one, else the size: a script can answer with anything.
    public var description: String {
        let code = message.prefix { $0 != UInt8(ascii: " ") }
        let plain =
            !code.isEmpty && code.count <= 32
            && code.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        return plain ? String(decoding: code, as: UTF8.self) : "\(message.count) bytes"
    }

    /// No children, so that `dump` shows no content either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
