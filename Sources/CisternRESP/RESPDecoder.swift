/// Reads RESP2 and RESP3 from bytes that come in any pieces.
///
/// Every byte is looked at once: what is incomplete is kept here, so an unfinished reply is never parsed again from its
/// start. A reply that lies complete in one input and is no aggregate costs one allocation at most, its content's.
package struct RESPDecoder: ~Copyable {
    /// What one header line led to.
    enum Header {
        /// A value that is complete.
        case value(RESPValue)
        /// A string whose content follows, an aggregate whose elements follow, or an attribute that held nothing.
        case opened
    }

    let limits: RESPLimits
    /// The beginning of a line that the last input ended within, without its type byte's meaning.
    private var line: [UInt8] = []
    /// The last input ended between the two bytes that end a line.
    private var lineIsEnding = false
    /// The string whose content is being read.
    var content: RESPContent?
    /// The aggregates that are being read, the outermost first.
    var stack: [RESPFrame] = []
    /// Elements and bytes of strings that this reply has announced so far.
    var elements = 0
    var replyLength = 0
    private var failure: RESPDecodingError?
    /// Bytes of lines that were searched for their end, for the test that this is linear.
    package private(set) var scanned = 0

    package init(limits: RESPLimits = .init()) {
        self.limits = limits
    }

    /// Whether a reply has begun and has not ended.
    package var isWithinReply: Bool {
        content != nil || !stack.isEmpty || !line.isEmpty || lineIsEnding || elements > 0
    }

    /// How many bytes the string that is being read still lacks, its end of line included: a hint how much to read.
    package var outstanding: Int { content?.outstanding ?? 0 }

    /// Has `read` put what comes next of the string that is being read into its place; it is given an array to append to, and how
    /// many bytes it may append. Then `decode` is called, with no input.
    ///
    /// - Returns: What `read` returns; nil when no string is being read.
    package mutating func fill<Outcome>(_ read: (inout [UInt8], Int) -> Outcome) -> Outcome? {
        content?.fill(read)
    }

    /// The memory that holds what has come of the string that is being read, in bytes.
    package var reservedBytes: Int { content?.reserved ?? 0 }

    /// Takes one reply out of `input`.
    ///
    /// `consumed` is set to the bytes taken from the front of `input`; the next call is given what follows them. Nil means that
    /// all of them were taken and the reply goes on. After an error every call throws it again.
    package mutating func decode(
        _ input: Span<UInt8>, consumed: inout Int
    ) throws(RESPDecodingError) -> RESPValue? {
        consumed = 0
        if let failure { throw failure }
        do throws(RESPDecodingError) {
            return try advance(input, &consumed)
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func advance(
        _ input: Span<UInt8>, _ position: inout Int
    ) throws(RESPDecodingError) -> RESPValue? {
        while true {
            let value: RESPValue
            if content != nil {
                guard let complete = try readContent(input, &position) else { return nil }
                value = complete
            } else {
                guard let header = try readLine(input, &position) else { return nil }
                guard case .value(let complete) = header else { continue }
                value = complete
            }
            if let reply = close(value) { return reply }
        }
    }

    /// Reads up to the end of a line and acts on it; nil when the line goes on.
    private mutating func readLine(
        _ input: Span<UInt8>, _ position: inout Int
    ) throws(RESPDecodingError) -> Header? {
        let start = position
        guard start < input.count else { return nil }
        if lineIsEnding {
            guard input[start] == 0x0A else { throw .badLineEnd }
            position = start + 1
            return try readStoredLine()
        }
        let bound = start + min(input.count - start, limits.lineLength - line.count + 1)
        var index = start
        while index < bound, input[index] != 0x0D, input[index] != 0x0A { index += 1 }
        scanned += index - start
        guard line.count + index - start <= limits.lineLength else {
            throw RESPDecodingError(.tooLarge, "a line is longer than the limit")
        }
        guard index < bound else {
            store(input.extracting(start..<index))
            position = index
            return nil
        }
        guard input[index] == 0x0D else { throw .badLineEnd }
        guard index + 1 < input.count else {
            store(input.extracting(start..<index))
            lineIsEnding = true
            position = index + 1
            return nil
        }
        guard input[index + 1] == 0x0A else { throw .badLineEnd }
        position = index + 2
        if line.isEmpty { return try open(input.extracting(start..<index)) }
        store(input.extracting(start..<index))
        return try readStoredLine()
    }

    private mutating func store(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { line.append(contentsOf: $0) }
    }

    private mutating func readStoredLine() throws(RESPDecodingError) -> Header {
        let complete = line
        line = []
        lineIsEnding = false
        return try open(complete.span)
    }
}

extension RESPDecodingError {
    static var badLineEnd: Self { Self(.malformed, "a line does not end in CR LF") }
}
