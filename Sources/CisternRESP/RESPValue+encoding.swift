package import CisternBytes

/// The version of the protocol that a connection speaks.
package enum RESPVersion: Int, Sendable {
    case two = 2
    case three = 3
}

// What a server would send. Clients send commands only: see OutputQueue.
extension RESPValue {
    /// The value on the wire. In RESP2, what that version lacks becomes what Redis sends in its place.
    package func encoded(as version: RESPVersion = .three) -> Bytes {
        var wire: [UInt8] = []
        encode(into: &wire, as: version)
        return Bytes(adopting: wire)
    }

    private func encode(into wire: inout [UInt8], as version: RESPVersion) {
        let isThree = version == .three
        switch self {
        case .simpleString(let text): wire.appendText(.simpleString, text, long: .bulkString)
        case .error(let error): wire.appendText(.error, error.message, long: isThree ? .bulkError : .bulkString)
        case .integer(let value): wire.appendLine(.integer, "\(value)".utf8)
        case .bulkString(let bytes): wire.appendBulk(.bulkString, bytes)
        case .null: wire.append(contentsOf: (isThree ? "_\r\n" : "$-1\r\n").utf8)
        case .double(let value):
            let text = value.isNaN ? "nan" : value.description
            if isThree { wire.appendLine(.double, text.utf8) } else { wire.appendBulk(.bulkString, Bytes(text)) }
        case .boolean(let value):
            wire.append(contentsOf: (isThree ? (value ? "#t\r\n" : "#f\r\n") : (value ? ":1\r\n" : ":0\r\n")).utf8)
        case .bigNumber(let digits):
            if isThree { wire.appendLine(.bigNumber, digits) } else { wire.appendBulk(.bulkString, digits) }
        case .verbatimString(let string):
            if isThree {
                wire.appendBulk(.verbatimString, string.wire)
            } else {
                wire.appendBulk(.bulkString, string.text)
            }
        case .array(let values): Self.encode(values, .array, into: &wire, as: version)
        case .set(let values): Self.encode(values, isThree ? .set : .array, into: &wire, as: version)
        case .push(let values): Self.encode(values, isThree ? .push : .array, into: &wire, as: version)
        case .map(let entries):
            wire.appendLine(isThree ? .map : .array, "\(isThree ? entries.count : entries.count * 2)".utf8)
            for entry in entries {
                entry.key.encode(into: &wire, as: version)
                entry.value.encode(into: &wire, as: version)
            }
        }
    }

    private static func encode(
        _ values: [RESPValue], _ type: RESPType, into wire: inout [UInt8], as version: RESPVersion
    ) {
        wire.appendLine(type, "\(values.count)".utf8)
        for value in values { value.encode(into: &wire, as: version) }
    }
}

extension [UInt8] {
    fileprivate mutating func appendLine(_ type: RESPType, _ text: some Collection<UInt8>) {
        append(type.rawValue)
        append(contentsOf: text)
        append(contentsOf: "\r\n".utf8)
    }

    fileprivate mutating func appendBulk(_ type: RESPType, _ bytes: Bytes) {
        appendLine(type, "\(bytes.count)".utf8)
        append(contentsOf: bytes)
        append(contentsOf: "\r\n".utf8)
    }

    /// A line, or the form with a length where a line could not hold the text.
    fileprivate mutating func appendText(_ type: RESPType, _ text: Bytes, long: RESPType) {
        if text.contains(where: { $0 == 0x0D || $0 == 0x0A }) {
            appendBulk(long, text)
        } else {
            appendLine(type, text)
        }
    }
}
