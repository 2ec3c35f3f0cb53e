/// What came of reading a head.
package enum HTTPHeadOutcome: Equatable, Sendable {
    /// The rest of it has not arrived.
    case incomplete
    case complete
    /// The connection answers and ends; nothing behind this point may be read as a request.
    case rejected(HTTPRejection)
}

/// Reads request heads from bytes as they arrive (RFC 9112 §2.2, §3, §5).
///
/// Bytes of a head stay in the caller's buffer until it is complete, and the parser remembers how far it has come:
/// every byte is looked through once, however the bytes are cut. What it says does not depend on the cuts.
package struct HTTPRequestParser: ~Copyable {
    private enum State {
        /// Can transition to: `fields`, when the request line is good.
        case requestLine
        /// Can transition to: `requestLine`, when the empty line has come.
        case fields
        /// For good: a connection has no way back from a request that was not understood.
        case rejected(HTTPRejection)
    }

    package let limits: HTTPLimits
    private var state = State.requestLine
    private var scanner = HTTPLineScanner()
    private var emptyLines = 0
    /// Bytes of the head whose lines have been read.
    private var parsed = 0
    /// Where the field lines begin in the head.
    private var fieldsStart = 0

    package init(limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
    }

    /// Bytes looked at in all heads so far, in search of line ends.
    var work: Int { scanner.work }

    /// Reads the head that begins at `consumed` of `input`, which is everything the caller has not dropped.
    ///
    /// `consumed` moves behind the head when that is complete, and behind empty lines before it in any case. Bytes
    /// that were seen and not consumed must be there again at the next call, with new ones behind them.
    /// - Parameter head: filled when the outcome is `complete`. When it is `rejected`, it has what stands before the fault:
    ///   nothing where that is in the request line, which is to say that the target is empty, else the target and the
    ///   fields of whole lines, of which none has been interpreted.
    package mutating func parseHead(
        _ input: Span<UInt8>, into head: HTTPRequestHead, consumed: inout Int
    ) -> HTTPHeadOutcome {
        do throws(HTTPRejection) {
            return try parse(input, into: head, consumed: &consumed) ? .complete : .incomplete
        } catch {
            reject(error, input.extracting(consumed...), into: head)
            return .rejected(error)
        }
    }

    /// Rejects the head that begins with `input`, of which nothing more is to be waited for. `head` has what has come of it, as that of
    /// any rejected one.
    package mutating func reject(_ rejection: HTTPRejection, _ input: Span<UInt8>, into head: HTTPRequestHead) {
        // Of a good request line and what follows it the answer and the log may make use: whose request it was.
        if case .fields = state { head.copy(input.extracting(..<parsed)) }
        state = .rejected(rejection)
    }

    private mutating func parse(
        _ input: Span<UInt8>, into head: HTTPRequestHead, consumed: inout Int
    ) throws(HTTPRejection) -> Bool {
        while true {
            switch state {
            case .rejected(let rejection):
                throw rejection
            case .requestLine:
                guard try parseRequestLine(input, into: head, consumed: &consumed) else { return false }
            case .fields:
                guard let line = try nextFieldLine(input, from: consumed) else { return false }
                parsed = line.upperBound + 2 - consumed
                if !line.isEmpty {
                    try parseField(input.extracting(line), at: line.lowerBound - consumed, into: head)
                    continue
                }
                head.copy(input.extracting(consumed..<consumed + parsed))
                try head.interpret()
                consumed += parsed
                parsed = 0
                emptyLines = 0
                state = .requestLine
                return true
            }
        }
    }

    /// Whether there was a request line, or an empty one in front of it.
    private mutating func parseRequestLine(
        _ input: Span<UInt8>, into head: HTTPRequestHead, consumed: inout Int
    ) throws(HTTPRejection) -> Bool {
        let start = consumed
        guard start < input.count else { return false }
        head.reset()
        // What cannot become a request is refused at its first byte: a TLS client sends no LF and would wait for ever.
        let first = input[start]
        guard HTTPGrammar.token.contains(first) || first == 0x0D || first == 0x0A else {
            throw first == 0x16 ? .tlsOnPlainPort : first < 0x20 ? .controlCharacter : .malformedRequestLine
        }
        switch scanner.next(in: input, from: start, limit: limits.requestLine) {
        case .incomplete:
            return false
        case .bareLineFeed:
            throw .bareLineFeed
        case .tooLong:
            throw HTTPRequestLine.faultOfOverlong(input.extracting(start..<start + limits.requestLine))
        case .line(let end) where end == start:
            // RFC 9112 §2.2: an empty line before the request line is ignored.
            guard emptyLines < limits.emptyLines else { throw .tooManyEmptyLines }
            emptyLines += 1
            consumed = end + 2
        case .line(let end):
            try HTTPRequestLine.parse(input.extracting(start..<end), limits: limits, into: head)
            parsed = end + 2 - start
            fieldsStart = parsed
            state = .fields
        }
        return true
    }

    private mutating func nextFieldLine(_ input: Span<UInt8>, from base: Int) throws(HTTPRejection) -> Range<Int>? {
        let start = base + parsed
        switch scanner.next(in: input, from: start, limit: limits.fieldSection - (parsed - fieldsStart)) {
        case .incomplete: return nil
        case .tooLong: throw .fieldsTooLarge
        case .bareLineFeed: throw .bareLineFeed
        case .line(let end): return start..<end
        }
    }

    private func parseField(
        _ line: Span<UInt8>, at offset: Int, into head: HTTPRequestHead
    ) throws(HTTPRejection) {
        let field = try HTTPFieldLine(line)
        guard head.fields.count < limits.fieldCount else { throw .tooManyFields }
        let kind = HTTPFieldName(line.extracting(field.name))
        head.present |= 1 << UInt64(kind.rawValue)
        head.fields.append(
            HTTPRequestHead.Field(
                kind: kind,
                name: HTTPRange(offset..<offset + field.name.count),
                value: HTTPRange(offset + field.value.lowerBound..<offset + field.value.upperBound)))
    }
}
