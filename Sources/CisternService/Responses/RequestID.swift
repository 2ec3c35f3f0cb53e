internal import CisternBytes
internal import CisternHTTP
internal import Synchronization

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
            text = Bytes(hexadecimal: Self.newNumber())
        }
    }

    /// A name that was given before.
    init(text: Bytes) { self.text = text }

    /// A new name: 16 hexadecimal digits.
    init() { text = Bytes(hexadecimal: Self.newNumber()) }

    /// Where the names of this process begin.
    private static let sequence = Atomic(UInt64.random(in: 0...UInt64.max))

    /// A number that does not come twice: a counter's, mixed as SplitMix64 does. A random one would take a system call each. Whoever knows
    /// some can tell the next: nothing rests on that being a secret.
    private static func newNumber() -> UInt64 {
        var number = sequence.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        number = (number ^ number >> 30) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ number >> 27) &* 0x94D0_49BB_1331_11EB
        return number ^ number >> 31
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
