package import CisternBytes

// Commands are arrays of strings in both versions of the protocol.
extension OutputQueue {
    /// Begins a command: its name and arguments follow, each by `appendRESPBulk`.
    package mutating func appendRESPCommand(argumentCount: Int) {
        append("*", decimal: argumentCount, "\r\n")
    }

    /// Appends a whole command, its name first.
    package mutating func appendRESPCommand(_ arguments: [Bytes]) {
        appendRESPCommand(argumentCount: arguments.count)
        for argument in arguments { appendRESPBulk(bytes: argument) }
    }

    /// Appends an argument. A large one is referred to, not copied.
    package mutating func appendRESPBulk(bytes: Bytes) {
        append("$", decimal: bytes.count, "\r\n")
        append(value: bytes)
        append("\r\n")
    }

    package mutating func appendRESPBulk(_ text: StaticString) {
        append("$", decimal: text.utf8CodeUnitCount, "\r\n")
        append(text)
        append("\r\n")
    }

    package mutating func appendRESPBulk(text: String) {
        var text = text
        text.withUTF8 { utf8 in
            append("$", decimal: utf8.count, "\r\n")
            append(copying: UnsafeRawBufferPointer(utf8))
        }
        append("\r\n")
    }

    /// Appends a number as an argument in decimal digits.
    package mutating func appendRESPBulk(decimal value: Int) {
        var digits = value < 0 ? 2 : 1
        var rest = value.magnitude
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        append("$", decimal: digits, "\r\n")
        append(decimal: value, "\r\n")
    }
}
