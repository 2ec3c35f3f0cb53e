import CisternBytes

// What a header line says, type by type (RESP3 specification; RESP2 has the first five).
extension RESPDecoder {
    mutating func open(_ line: Span<UInt8>) throws(RESPDecodingError) -> Header {
        guard !line.isEmpty else { throw RESPDecodingError(.malformed, "a line is empty") }
        guard let type = RESPType(rawValue: line[0]) else {
            throw RESPDecodingError(.malformed, "a value begins with no type of RESP")
        }
        elements += 1
        guard elements <= limits.elements else { throw .tooManyElements }
        let rest = line.extracting(1..<line.count)
        switch type {
        case .simpleString: return .value(.simpleString(Bytes(copying: rest)))
        case .error: return .value(.error(RESPError(Bytes(copying: rest))))
        case .integer: return .value(.integer(try RESPNumber.integer(rest)))
        case .bulkString: return try openContent(.string, rest)
        case .bulkError: return try openContent(.error, rest)
        case .verbatimString: return try openContent(.verbatim, rest)
        case .array: return try openAggregate(.array, rest)
        case .set: return try openAggregate(.set, rest)
        case .map: return try openAggregate(.map, rest)
        case .attribute: return try openAggregate(.attribute, rest)
        case .push:
            // A push comes between replies, never within one.
            guard stack.isEmpty else { throw RESPDecodingError(.malformed, "a push lies within a reply") }
            return try openAggregate(.push, rest)
        case .null:
            guard rest.isEmpty else { throw RESPDecodingError(.malformed, "a null has content") }
            return .value(.null)
        case .boolean:
            guard rest.count == 1, rest[0] == UInt8(ascii: "t") || rest[0] == UInt8(ascii: "f") else {
                throw RESPDecodingError(.malformed, "a boolean is neither t nor f")
            }
            return .value(.boolean(rest[0] == UInt8(ascii: "t")))
        case .double: return .value(.double(try RESPNumber.double(rest)))
        case .bigNumber:
            guard RESPNumber.isWhole(rest) else { throw RESPDecodingError(.malformed, "a big number is no number") }
            return .value(.bigNumber(Bytes(copying: rest)))
        case .chunk, .end: throw .streamed
        }
    }

    private mutating func openContent(
        _ kind: RESPContent.Kind, _ digits: Span<UInt8>
    ) throws(RESPDecodingError) -> Header {
        if kind == .string, ASCII.equal(digits, "-1") { return .value(.null) }
        let length = try length(digits)
        guard length <= limits.bulkLength, length <= limits.replyLength - replyLength else {
            throw RESPDecodingError(.tooLarge, "a string is longer than the limit")
        }
        replyLength += length
        content = RESPContent(kind: kind, length: length)
        return .opened
    }

    private mutating func openAggregate(
        _ kind: RESPFrame.Kind, _ digits: Span<UInt8>
    ) throws(RESPDecodingError) -> Header {
        if kind == .array, ASCII.equal(digits, "-1") { return .value(.null) }
        let count = try length(digits)
        let (values, overflow) = count.multipliedReportingOverflow(by: kind.valuesPerElement)
        guard !overflow, values <= limits.aggregateCount, values <= limits.elements - elements else {
            throw .tooManyElements
        }
        guard stack.count < limits.depth else {
            throw RESPDecodingError(.tooLarge, "aggregates are nested deeper than the limit")
        }
        let frame = RESPFrame(kind: kind, count: values)
        guard values == 0 else {
            stack.append(frame)
            return .opened
        }
        return if let empty = frame.value { .value(empty) } else { .opened }
    }

    private func length(_ digits: Span<UInt8>) throws(RESPDecodingError) -> Int {
        if let length = ASCII.decimal(digits) { return length }
        if ASCII.equal(digits, "?") { throw .streamed }
        throw RESPDecodingError(.malformed, "a length is no number")
    }
}

extension RESPDecodingError {
    static var tooManyElements: Self { Self(.tooLarge, "a reply has more elements than the limit") }
    // Nothing that Redis has released sends them.
    static var streamed: Self { Self(.unsupported, "streamed strings and aggregates are not supported") }
}
