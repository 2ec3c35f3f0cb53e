internal import CisternBytes

/// Reads responses, one after the other, as far as a load generator needs: status and length.
struct ResponseReader {
    struct Malformed: Error, Equatable {
        var reason: String
    }

    /// Can transition to: `body`, when the head is complete; `complete`, when it is and has no content.
    private enum State {
        /// What came of the head so far.
        case head([UInt8])
        /// How many bytes of the content are to come.
        case body(Int)
    }
    private var state = State.head([])
    /// Of the last complete head.
    private(set) var status = 0

    /// Takes what came; the result is whether a response is complete. There may be nothing behind it: one request is on
    /// its way at a time.
    mutating func take(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> Bool {
        switch state {
        case .head(let before) where before.isEmpty: return try takeHead(bytes)
        case .head(let before):
            let whole = Bytes(adopting: before + bytes)
            return try whole.withUnsafeBytes { bytes throws(Malformed) in try takeHead(bytes) }
        case .body(let left): return try takeBody(bytes.count, of: left)
        }
    }

    private mutating func takeHead(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> Bool {
        guard let end = Self.end(of: bytes) else {
            guard bytes.count < 65536 else { throw Malformed(reason: "the head does not end") }
            state = .head(Array(bytes))
            return false
        }
        guard bytes.count > 12, bytes[8] == UInt8(ascii: " ") else { throw Malformed(reason: "no status line") }
        status = Self.number(bytes[9..<12]) ?? 0
        if status == 204 || status == 304 { return try takeBody(bytes.count - end, of: 0) }
        guard let length = Self.contentLength(bytes[..<end]) else { throw Malformed(reason: "no Content-Length") }
        return try takeBody(bytes.count - end, of: length)
    }

    private mutating func takeBody(_ count: Int, of left: Int) throws(Malformed) -> Bool {
        guard count <= left else { throw Malformed(reason: "more bytes than announced") }
        state = count == left ? .head([]) : .body(left - count)
        return count == left
    }

    /// Where the empty line ends.
    private static func end(of bytes: UnsafeRawBufferPointer) -> Int? {
        var index = 3
        while index < bytes.count {
            // Only every other byte can be the last of CRLF CRLF or its neighbour.
            switch bytes[index] {
            case 0x0A where bytes[index - 1] == 0x0D && bytes[index - 2] == 0x0A && bytes[index - 3] == 0x0D:
                return index + 1
            case 0x0A, 0x0D: index += 1
            default: index += 2
            }
        }
        return nil
    }

    private static func contentLength(_ head: Slice<UnsafeRawBufferPointer>) -> Int? {
        let name = "\r\ncontent-length:"
        var start = head.startIndex
        while let line = head[start...].firstIndex(of: 0x0D) {
            let rest = head[line...]
            let isIt = rest.count > name.utf8.count && zip(rest, name.utf8).allSatisfy { $0 == $1 || $0 | 0x20 == $1 }
            if isIt {
                let value = rest.dropFirst(name.utf8.count).drop { $0 == 0x20 }
                return number(value.prefix { $0 != 0x0D && $0 != 0x20 })
            }
            start = line + 1
        }
        return nil
    }

    private static func number(_ digits: some Sequence<UInt8>) -> Int? {
        var number: Int?
        for digit in digits {
            guard (0x30...0x39).contains(digit), (number ?? 0) < 1 << 40 else { return nil }
            number = (number ?? 0) * 10 + Int(digit - 0x30)
        }
        return number
    }
}
