/// What a body parser found at the front of its input.
package enum HTTPBodyEvent: Equatable, Sendable {
    /// More bytes are needed.
    case incomplete
    /// These bytes of the input are content. Call again: more may follow.
    case data(Range<Int>)
    /// The content and what delimits it have been read; the next request begins here.
    case finished
    /// The connection answers and ends; nothing behind this point may be read as a request.
    case rejected(HTTPRejection)
}

/// Finds a request's content among the bytes that follow its head (RFC 9112 §6, §7.1).
///
/// The content itself is never kept or copied here. Chunk-size and trailer lines stay in the caller's buffer until they
/// are complete, and are looked through once. Trailer fields are checked and dropped.
package struct HTTPBodyParser: ~Copyable {
    private enum State {
        /// Can transition to: `finished`, when all has come.
        case length(remaining: Int)
        /// Can transition to: `chunk`, when a size has been read; `trailers`, when it is 0.
        case chunkLine
        /// Can transition to: `chunkEnd`, when all has come.
        case chunk(remaining: Int)
        /// Can transition to: `chunkLine`, when the CRLF behind a chunk has come.
        case chunkEnd
        /// Can transition to: `finished`, when the empty line has come.
        case trailers
        case finished
        /// From any state. For good.
        case rejected(HTTPRejection)
    }

    private let limits: HTTPLimits
    private var state: State
    private var scanner = HTTPLineScanner()
    /// Bytes of content that may still be announced.
    private var allowance: Int
    private var extensions = 0
    private var trailers = 0

    /// - Parameter limit: the most bytes of content to accept; more is 413, as soon as it is announced.
    package init(_ framing: HTTPRequestHead.Framing, limit: Int, limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
        allowance = limit
        switch framing {
        case .none: state = .finished
        case .length(0): state = .finished
        case .length(let length): state = length > limit ? .rejected(.contentTooLarge) : .length(remaining: length)
        case .chunked: state = .chunkLine
        }
    }

    /// Bytes looked at so far in search of line ends.
    var work: Int { scanner.work }

    /// Reads from `consumed` of `input` on, and moves `consumed` behind what was understood.
    ///
    /// Bytes that were seen and not consumed must be there again at the next call, with new ones behind them.
    package mutating func next(_ input: Span<UInt8>, consumed: inout Int) -> HTTPBodyEvent {
        do throws(HTTPRejection) {
            return try step(input, &consumed)
        } catch {
            state = .rejected(error)
            return .rejected(error)
        }
    }

    private mutating func step(_ input: Span<UInt8>, _ consumed: inout Int) throws(HTTPRejection) -> HTTPBodyEvent {
        while true {
            switch state {
            case .length(let remaining):
                guard consumed < input.count else { return .incomplete }
                let taken = min(remaining, input.count - consumed)
                state = taken == remaining ? .finished : .length(remaining: remaining - taken)
                consumed += taken
                return .data(consumed - taken..<consumed)
            case .chunk(let remaining):
                guard consumed < input.count else { return .incomplete }
                let taken = min(remaining, input.count - consumed)
                state = taken == remaining ? .chunkEnd : .chunk(remaining: remaining - taken)
                consumed += taken
                return .data(consumed - taken..<consumed)
            case .chunkEnd:
                // RFC 9112 §7.1: anything else here means that sender and receiver count differently.
                guard consumed < input.count else { return .incomplete }
                guard input[consumed] == 0x0D else { throw .chunkNotTerminated }
                guard consumed + 1 < input.count else { return .incomplete }
                guard input[consumed + 1] == 0x0A else { throw .chunkNotTerminated }
                consumed += 2
                state = .chunkLine
            case .chunkLine:
                guard
                    let line = try nextLine(
                        input, from: consumed, limit: limits.chunkLine, over: .chunkExtensionsTooLarge)
                else { return .incomplete }
                try readChunkLine(input.extracting(line))
                consumed = line.upperBound + 2
            case .trailers:
                let limit = limits.trailerSection - trailers
                guard let line = try nextLine(input, from: consumed, limit: limit, over: .trailersTooLarge)
                else { return .incomplete }
                if line.isEmpty { state = .finished } else { _ = try HTTPFieldLine(input.extracting(line)) }
                trailers += line.count + 2
                consumed = line.upperBound + 2
            case .finished:
                return .finished
            case .rejected(let rejection):
                throw rejection
            }
        }
    }

    private mutating func nextLine(
        _ input: Span<UInt8>, from start: Int, limit: Int, over: HTTPRejection
    ) throws(HTTPRejection) -> Range<Int>? {
        switch scanner.next(in: input, from: start, limit: limit) {
        case .incomplete: return nil
        case .tooLong: throw over
        case .bareLineFeed: throw .bareLineFeed
        case .line(let end): return start..<end
        }
    }

    private mutating func readChunkLine(_ text: Span<UInt8>) throws(HTTPRejection) {
        let line = try HTTPChunkLine(text)
        extensions += text.count - line.digits
        guard extensions <= limits.chunkExtensions else { throw .chunkExtensionsTooLarge }
        guard line.size <= allowance else { throw .contentTooLarge }
        allowance -= line.size
        state = line.size == 0 ? .trailers : .chunk(remaining: line.size)
    }
}
