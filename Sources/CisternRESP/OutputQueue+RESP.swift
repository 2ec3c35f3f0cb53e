package import CisternBytes

// Commands are arrays of strings in both versions of the protocol.
extension OutputQueue {
    /// Begins a command: its name and arguments follow, each by `appendRESPBulk`.
    package mutating func appendRESPCommand(argumentCount: Int) {
        appendRESPHeader(.array, argumentCount)
    }

    /// Appends a whole command, its name first.
    package mutating func appendRESPCommand(_ arguments: [Bytes]) {
        appendRESPCommand(argumentCount: arguments.count)
        for argument in arguments { appendRESPBulk(bytes: argument) }
    }

    /// Appends an argument. A large one is referred to, not copied.
    package mutating func appendRESPBulk(bytes: Bytes) {
        appendRESPHeader(.bulkString, bytes.count)
        append(value: bytes)
        append("\r\n")
    }

    package mutating func appendRESPBulk(_ text: StaticString) {
        appendRESPHeader(.bulkString, text.utf8CodeUnitCount)
        append(text)
        append("\r\n")
    }

    package mutating func appendRESPBulk(text: String) {
        var text = text
        text.withUTF8 { utf8 in
            appendRESPHeader(.bulkString, utf8.count)
            append(copying: UnsafeRawBufferPointer(utf8))
        }
        append("\r\n")
    }

    /// Appends a number as an argument in decimal digits.
    package mutating func appendRESPBulk(decimal value: Int) {
        RESPDigits.with(value, before: "\r\n") { digits in
            appendRESPHeader(.bulkString, digits.count - 2)
            append(copying: UnsafeRawBufferPointer(digits))
        }
    }

    private mutating func appendRESPHeader(_ type: RESPType, _ count: Int) {
        RESPDigits.with(count, after: type.rawValue, before: "\r\n") {
            append(copying: UnsafeRawBufferPointer($0))
        }
    }
}

/// Decimal digits built on the stack, so that a header is one copy into the queue.
enum RESPDigits {
    static func with(
        _ value: Int, after first: UInt8? = nil, before end: StaticString, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { buffer in
            var position = buffer.count - end.utf8CodeUnitCount
            for index in 0..<end.utf8CodeUnitCount { buffer[position + index] = end.utf8Start[index] }
            var rest = value.magnitude
            repeat {
                position -= 1
                buffer[position] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
                rest /= 10
            } while rest > 0
            if value < 0 {
                position -= 1
                buffer[position] = UInt8(ascii: "-")
            }
            if let first {
                position -= 1
                buffer[position] = first
            }
            body(UnsafeBufferPointer(rebasing: buffer[position...]))
        }
    }
}
