internal import CisternBytes
package import CisternSockets

/// One client's connection. It belongs to one ``HTTPLoop`` and is touched on that loop alone.
///
/// Requests are read and answered one after the other; what a client pipelines waits in its buffer and then in the
/// kernel's, so answers are in order and a client that does not read cannot fill our memory.
package final class HTTPConnection: EventSource, OutputSource {
    /// What ends the wait for bytes.
    enum Arrival {
        case bytes
        /// The peer has ended its side.
        case end
        /// The deadline of the phase has passed.
        case timeout
        /// The connection is gone.
        case gone
    }

    /// What came of waiting for a request.
    enum NextRequest {
        case request
        case rejected(HTTPRejection)
        /// There is none, and no one to answer.
        case none
    }

    let head = HTTPRequestHead()
    var stream: SocketStream
    /// When the last byte of the current request had come.
    private(set) var requestEnd: MonotonicTime
    /// Whether the response has been written.
    private(set) var hasResponded = false
    private(set) var closesAfterResponse = false

    private let loop: EventLoop
    private let server: HTTPLoop
    private let clock: HTTPLoopClock
    private let options: HTTPServerOptions
    private var parser: HTTPRequestParser
    private var arrivalWaiter: UnsafeContinuation<Arrival, Never>?
    private var drainWaiter: UnsafeContinuation<Bool, Never>?
    private var isFlushScheduled = false
    /// Whether all of the current request has been read.
    private var isRequestRead = true
    /// Whether the peer has ended its side.
    private var hasPeerEnded = false

    /// One timer, armed again only when it fires before the deadline that then holds: a request costs no timer.
    private var timer: TimerID?
    private var timerAt = MonotonicTime.distantFuture
    private var readDeadline: MonotonicTime
    private var writeDeadline = MonotonicTime.distantFuture

    init(accepted descriptor: CInt, server: HTTPLoop, clock: HTTPLoopClock, options: HTTPServerOptions) {
        self.server = server
        self.clock = clock
        self.options = options
        loop = server.loop
        stream = SocketStream(accepted: descriptor, loop: server.loop)
        parser = HTTPRequestParser(limits: options.limits)
        requestEnd = server.loop.now
        readDeadline = server.loop.now + options.idleTimeout
    }

    func start() throws(SocketError) {
        try stream.start(self)
        armTimer()
    }

    var isOpen: Bool { stream.isOpen }
    var loopIndex: Int { loop.index }

    /// Whether it waits for a request of which nothing has come, so that nobody misses it when it closes.
    var isIdle: Bool { isRequestRead && hasResponded && arrivalWaiter != nil && stream.input.isEmpty }

    // MARK: Requests

    /// Waits for the next request's head.
    func nextRequest() async -> NextRequest {
        isRequestRead = true
        hasResponded = true
        readDeadline = loop.now + options.idleTimeout
        var hasBegun = false
        while true {
            if !stream.input.isEmpty {
                var consumed = 0
                let outcome = parser.parseHead(stream.input.readable, into: head, consumed: &consumed)
                stream.input.consume(consumed)
                switch outcome {
                case .complete:
                    hasResponded = false
                    isRequestRead = head.framing == .none || head.framing == .length(0)
                    requestEnd = loop.now
                    return .request
                case .rejected(let rejection):
                    hasResponded = false
                    isRequestRead = false
                    return .rejected(rejection)
                case .incomplete:
                    if !hasBegun, !stream.input.isEmpty {
                        hasBegun = true
                        readDeadline = loop.now + options.headerTimeout
                        armTimer()
                    }
                }
            }
            stream.input.releaseIfEmpty()
            switch await arrival() {
            case .bytes: continue
            case .end, .gone: return .none
            case .timeout:
                guard hasBegun else { return .none }
                hasResponded = false
                isRequestRead = false
                return .rejected(.requestTimeout)
            }
        }
    }

    /// Reads the body of the current request; nil when the client has gone.
    func readBody(limit: Int) async throws(HTTPRejection) -> Bytes? {
        guard !isRequestRead else { return Bytes() }
        var body = HTTPBodyParser(head.framing, limit: limit, limits: options.limits)
        var content: [UInt8] = []
        // A peer's word is no reason to take memory: the array grows with what arrives.
        if case .length(let length) = head.framing { content.reserveCapacity(min(length, limit, 64 * 1024)) }
        let begin = loop.now
        var received = 0
        var isContinued = head.expectation != .continue
        while true {
            var consumed = 0
            let event = body.next(stream.input.readable, consumed: &consumed)
            switch event {
            case .data(let range):
                stream.input.copy(range, to: &content)
                stream.input.consume(consumed)
                received += consumed
                continue
            case .finished:
                stream.input.consume(consumed)
                isRequestRead = true
                requestEnd = loop.now
                return Bytes(adopting: content)
            case .rejected(let rejection): throw rejection
            case .incomplete:
                stream.input.consume(consumed)
                received += consumed
            }
            if !isContinued {
                isContinued = true
                if stream.input.isEmpty, received == 0 {
                    HTTPResponseHead.writeContinue(to: &stream.output)
                    scheduleFlush()
                }
            }
            // The start is given, so that a small body has the time of a head; after it the average counts.
            readDeadline =
                begin + options.headerTimeout + .milliseconds(received * 1000 / max(1, options.minimumBodyRate))
            armTimer()
            switch await arrival() {
            case .bytes: continue
            case .end, .gone:
                closeNow()
                return nil
            case .timeout: throw .requestTimeout
            }
        }
    }

    /// Waits until bytes have been added to the input.
    private func arrival() async -> Arrival {
        guard isOpen else { return .gone }
        if hasPeerEnded { return .end }
        if stream.mayHaveMore {
            switch read() {
            case .some(let arrival): return arrival
            case nil: break
            }
        }
        stream.setReading(true)
        return await withUnsafeContinuation { arrivalWaiter = $0 }
    }

    /// Reads once; nil when there is nothing.
    private func read() -> Arrival? {
        switch stream.read() {
        case .bytes: return .bytes
        case .wouldBlock: return nil
        case .end:
            hasPeerEnded = true
            return .end
        case .failed:
            closeNow()
            return .gone
        }
    }

    // MARK: Responses

    /// The context of a response, with what the connection knows: it ends with this response when the server is
    /// draining, or when the request was not read to its end.
    func context(_ context: HTTPResponseContext) -> HTTPResponseContext {
        var context = context
        if server.isDraining || !isRequestRead { context.keepAlive = false }
        if !context.keepAlive { closesAfterResponse = true }
        return context
    }

    func closeAfterResponse() { closesAfterResponse = true }

    func beginResponse(_ status: HTTPStatus) -> HTTPResponseHead {
        let head = HTTPResponseHead(status, to: &stream.output)
        clock.appendDate(to: &stream.output)
        return head
    }

    func endResponse() {
        hasResponded = true
        scheduleFlush()
    }

    func scheduleFlush() {
        guard !isFlushScheduled, isOpen else { return }
        isFlushScheduled = true
        loop.flushAtEndOfTurn(self)
    }

    package func flushOutput() {
        isFlushScheduled = false
        guard isOpen else { return }
        let before = stream.bytesWritten
        switch stream.flush() {
        case .done:
            writeDeadline = .distantFuture
            resumeDrain(true)
        case .blocked:
            if stream.bytesWritten > before || writeDeadline == .distantFuture {
                writeDeadline = loop.now + options.writeStallTimeout
                armTimer()
            }
        case .failed: closeNow()
        }
    }

    /// Waits until the client has taken all output; false when it has gone.
    func drained() async -> Bool {
        guard isOpen else { return false }
        if stream.output.isEmpty { return true }
        return await withUnsafeContinuation { drainWaiter = $0 }
    }

    /// Whether the client is behind with reading.
    var isBehind: Bool { stream.isWriteBlocked }

    // MARK: Events

    package func ready(_ events: PollEvents) {
        if events.contains(.write) { flushOutput() }
        guard isOpen, !events.isDisjoint(with: [.read, .hangUp]) else { return }
        if arrivalWaiter != nil {
            if let arrival = read() { resumeArrival(arrival) }
        } else if events.contains(.hangUp) {
            closeNow()
        } else {
            // A request is being answered; the next one may wait where it is.
            stream.setReading(false)
        }
    }

    private func resumeArrival(_ arrival: Arrival) {
        guard let waiter = arrivalWaiter else { return }
        arrivalWaiter = nil
        waiter.resume(returning: arrival)
    }

    private func resumeDrain(_ isOpen: Bool) {
        guard let waiter = drainWaiter else { return }
        drainWaiter = nil
        waiter.resume(returning: isOpen)
    }

    // MARK: Time

    private func armTimer() {
        let deadline = min(readDeadline, writeDeadline)
        guard deadline < timerAt else { return }
        if let timer { loop.cancel(timer) }
        timerAt = deadline
        timer = loop.schedule(at: deadline) { [unowned self] in timerFired() }
    }

    private func timerFired() {
        timer = nil
        timerAt = .distantFuture
        if loop.now >= writeDeadline { return closeNow() }
        if loop.now >= readDeadline {
            // While a request is being answered nothing is waited for, and its own deadline holds.
            guard arrivalWaiter != nil else { readDeadline = loop.now + options.idleTimeout; return armTimer() }
            readDeadline = .distantFuture
            resumeArrival(.timeout)
        }
        armTimer()
    }

    // MARK: Ending

    private static let lingerTime: Duration = .seconds(2)
    private static let lingerBytes = 16 << 20

    /// Closes in stages (RFC 9112 §9.6): what we sent could be lost if we closed while the client still sends.
    func closeInStages() async {
        scheduleFlush()
        guard await drained() else { return }
        stream.shutDownWriting()
        readDeadline = loop.now + Self.lingerTime
        armTimer()
        var discarded = 0
        while discarded <= Self.lingerBytes {
            discarded += stream.input.count
            stream.input.consume(stream.input.count)
            guard case .bytes = await arrival() else { break }
        }
        closeNow()
    }

    /// Closes at once. Doing it twice is fine.
    package func closeNow() {
        guard stream.isOpen else { return }
        if let timer { loop.cancel(timer) }
        timer = nil
        stream.close()
        resumeArrival(.gone)
        resumeDrain(false)
    }
}
