/// Why the bytes of a peer are not RESP that this decoder takes. Nothing of what came is repeated in it.
package struct RESPDecodingError: Error, Sendable, Hashable {
    package enum Code: String, Sendable {
        /// The bytes break the grammar of RESP.
        case malformed
        /// RESP, but a kind that no Redis sends.
        case unsupported
        /// RESP, but beyond a limit of the decoder.
        case tooLarge
    }

    package let code: Code
    /// What is wrong, for a log.
    package var message: String { "\(text)" }
    private let text: StaticString

    init(_ code: Code, _ text: StaticString) {
        self.code = code
        self.text = text
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.code == right.code && left.message == right.message
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(message)
    }
}

extension RESPDecodingError: CustomStringConvertible {
    package var description: String { "\(code.rawValue): \(text)" }
}
