package import CisternBytes

/// A reply of Redis (RESP2), as the tests' own client reads it.
package enum RedisReply: Equatable, Sendable {
    case status(String)
    case error(String)
    case integer(Int)
    case bytes(Bytes)
    case array([RedisReply])
    case null

    /// The value of a string; nil for any other reply.
    package var bytes: Bytes? { if case .bytes(let bytes) = self { bytes } else { nil } }
    package var text: String? {
        switch self {
        case .bytes(let bytes): bytes.string
        case .status(let text): text
        default: nil
        }
    }
    package var integer: Int? { if case .integer(let integer) = self { integer } else { nil } }
}

/// A blocking client of the tests' own, so that what Cistern wrote is not read back by Cistern's own codec.
final class RedisControl {
    private let connection: RawConnection

    init(_ connection: RawConnection) { self.connection = connection }

    func send(_ arguments: [Bytes]) throws -> RedisReply {
        var request = Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments {
            request += Array("$\(argument.count)\r\n".utf8) + argument + [0x0D, 0x0A]
        }
        try connection.send(Bytes(request))
        return try readReply()
    }

    private func readReply() throws -> RedisReply {
        let line = String(decoding: try connection.readLine(), as: UTF8.self)
        // "\r\n" is one character to Swift.
        let rest = String(line.dropFirst().dropLast())
        switch line.first {
        case "+": return .status(rest)
        case "-": return .error(rest)
        case ":": return .integer(try number(rest))
        case "$":
            let count = try number(rest)
            if count < 0 { return .null }
            let bytes = try connection.read(count)
            _ = try connection.read(2)
            return .bytes(bytes)
        case "*":
            let count = try number(rest)
            return count < 0 ? .null : .array(try (0..<count).map { _ in try readReply() })
        default: throw TestFailure("not a reply: \(line)")
        }
    }

    private func number(_ text: String) throws -> Int {
        guard let number = Int(text) else { throw TestFailure("not a number in a reply: \(text)") }
        return number
    }
}
