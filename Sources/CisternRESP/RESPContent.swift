import CisternBytes

/// A string of announced length whose bytes are arriving.
struct RESPContent {
    enum Kind {
        case string, error, verbatim
    }

    /// Memory taken ahead of the bytes that fill it. A peer that announces much and sends nothing gets no more.
    private static let reserve = 1 << 20

    let kind: Kind
    let length: Int
    private var stored: [UInt8] = []
    /// CR, the first byte of its end, has come.
    private var isEnding = false

    init(kind: Kind, length: Int) {
        self.kind = kind
        self.length = length
    }

    var outstanding: Int { length - stored.count + (isEnding ? 1 : 2) }

    var reserved: Int { stored.capacity }

    /// Takes what `input` has of it; the whole content once its end has been read.
    mutating func read(_ input: Span<UInt8>, _ position: inout Int) throws(RESPDecodingError) -> Bytes? {
        let start = position
        let available = input.count - start
        if stored.isEmpty, !isEnding, available >= 2, length <= available - 2 {
            let end = start + length
            guard input[end] == 0x0D, input[end + 1] == 0x0A else { throw Self.badEnd }
            position = end + 2
            return Bytes(copying: input.extracting(start..<end))
        }
        let taken = min(length - stored.count, available)
        if taken > 0 {
            store(input.extracting(start..<start + taken))
            position += taken
        }
        guard stored.count == length, position < input.count else { return nil }
        if !isEnding {
            guard input[position] == 0x0D else { throw Self.badEnd }
            position += 1
            isEnding = true
            guard position < input.count else { return nil }
        }
        guard input[position] == 0x0A else { throw Self.badEnd }
        position += 1
        return Bytes(adopting: stored)
    }

    private mutating func store(_ bytes: Span<UInt8>) {
        let needed = stored.count + bytes.count
        if stored.capacity < needed {
            stored.reserveCapacity(min(length, max(needed, stored.count * 2, Self.reserve / 2)))
        }
        bytes.withUnsafeBufferPointer { stored.append(contentsOf: $0) }
    }

    private static var badEnd: RESPDecodingError { .init(.malformed, "a string does not end where its length says") }
}

extension RESPDecoder {
    /// Reads on in the string that was announced; nil when it goes on.
    mutating func readContent(
        _ input: Span<UInt8>, _ position: inout Int
    ) throws(RESPDecodingError) -> RESPValue? {
        // Read in place: a copy of the content would make every piece of it a new array.
        guard let kind = content?.kind, let bytes = try content?.read(input, &position) else { return nil }
        content = nil
        switch kind {
        case .string: return .bulkString(bytes)
        case .error: return .error(RESPError(bytes))
        case .verbatim:
            guard let string = RESPVerbatimString(wire: bytes) else {
                throw RESPDecodingError(.malformed, "a verbatim string has no format")
            }
            return .verbatimString(string)
        }
    }
}
