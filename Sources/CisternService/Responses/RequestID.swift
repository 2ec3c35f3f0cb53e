internal import CisternBytes
internal import CisternHTTP

/// What a request is called in answers and logs: the client's own name for it, or one made here.
struct RequestID: Sendable {
    /// The longest name that is taken from a client, in bytes.
    static let longest = 64

    let text: Bytes

    /// Takes the client's `X-Request-Id` where it is short and made of safe characters, else makes one.
    init(_ head: HTTPRequestHead) {
        if head.count(of: .xRequestID) == 1, let own = head.value(of: .xRequestID), Self.isSafe(own) {
            text = Bytes(copying: own)
        } else {
            text = Self.random()
        }
    }

    /// A name that was given before.
    init(text: Bytes) { self.text = text }

    /// A new name: 16 hexadecimal digits.
    init() { text = Self.random() }

    private static func random() -> Bytes {
        let number = UInt64.random(in: 0...UInt64.max)
        let digits = "0123456789abcdef".utf8
        return Bytes(
            (0..<16).map { digit in
                digits[digits.index(digits.startIndex, offsetBy: Int(number >> (60 - 4 * digit) & 15))]
            })
    }

    private static func isSafe(_ text: Span<UInt8>) -> Bool {
        guard !text.isEmpty, text.count <= longest else { return false }
        for index in text.indices {
            switch text[index] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x3A: continue
            default: return false
            }
        }
        return true
    }
}
