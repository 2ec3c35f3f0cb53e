import CisternBytes

/// A string of announced length whose bytes are arriving.
struct RESPContent {
    enum Kind {
        case string, error, verbatim
    }

    /// Memory taken ahead of the bytes that fill it, enough for a value of 1 MiB. A peer that announces much and sends nothing
    /// gets no more.
    private static let reserve = (1 << 20) + 2

    let kind: Kind
    let length: Int
    /// What has come of the content, and of its end.
    private var stored: [UInt8] = []

    init(kind: Kind, length: Int) {
        self.kind = kind
        self.length = length
    }

    /// The content's length and its end's.
    private var wireLength: Int { length + 2 }

    var outstanding: Int { wireLength - stored.count }

    var reserved: Int { stored.capacity }

    /// Takes what `input` has of it; the whole content once its end has come.
    mutating func read(_ input: Span<UInt8>, _ position: inout Int) throws(RESPDecodingError) -> Bytes? {
        let start = position
        let available = input.count - start
        if stored.isEmpty, length <= available - 2 {
            let end = start + length
            guard input[end] == 0x0D, input[end + 1] == 0x0A else { throw Self.badEnd }
            position = end + 2
            return Bytes(copying: input.extracting(start..<end))
        }
        let taken = min(outstanding, available)
        if taken > 0 {
            makeRoom(for: taken)
            input.extracting(start..<start + taken).withUnsafeBufferPointer { stored.append(contentsOf: $0) }
            position += taken
        }
        guard outstanding == 0 else {
            guard stored.count <= length || stored[length] == 0x0D else { throw Self.badEnd }
            return nil
        }
        guard stored[length] == 0x0D, stored[length + 1] == 0x0A else { throw Self.badEnd }
        stored.removeLast(2)
        return Bytes(adopting: stored)
    }

    /// Has `read` add bytes to what has come; it is given the array and how many it may add: all that is missing, or at least a
    /// block of memory, as much as a record of TLS holds, and at most a mebibyte, so that others have their turn.
    mutating func fill<Outcome>(_ read: (inout [UInt8], Int) -> Outcome) -> Outcome {
        makeRoom(for: min(outstanding, BufferPool.blockSize))
        return read(&stored, min(outstanding, stored.capacity - stored.count, Self.reserve))
    }

    private mutating func makeRoom(for count: Int) {
        let needed = stored.count + count
        guard stored.capacity < needed else { return }
        stored.reserveCapacity(min(wireLength, max(needed, stored.count * 2, Self.reserve)))
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
