package import CisternBytes
package import CisternSockets

/// One client's connection. It belongs to one ``HTTPLoop`` and is touched on that loop alone.
///
/// Requests are read and answered one after the other; what a client pipelines waits in its buffer and then in the
/// kernel's, so answers are in order and a client that does not read cannot fill our memory. In one turn of the loop a
/// connection does a bounded part of its work, and then the others have theirs.
package final class HTTPConnection: EventSource, OutputSource {
    /// What is written in one turn before the next request is looked at: nothing is sent before the turn ends.
    private static let responsesPerTurn = 64
    private static let outputPerTurn = 64 * 1024
    /// Reads in one turn, of a buffer each.
    private static let readsPerTurn = 16

    /// What ends the wait for bytes.
    enum Arrival {
        case bytes
        /// The peer has ended its side.
        case end
        /// The deadline of the phase has passed.
        case timeout
        /// Nothing has come for a while, between requests.
        case rest
        /// The connection is gone.
        case gone
    }

    /// What is waited for, if something is.
    private enum Wait {
        /// The rest of a request, or the end.
        case busy
        /// A request of which nothing has come.
        case request
        /// The same, and the server has looked once already.
        case requestForLong
    }

    /// What came of waiting for a request.
    enum NextRequest {
        case request
        case rejected(HTTPRejection)
        /// There is none yet: the connection rests, and wakes its server with the next event.
        case rest
        /// There is none, and no one to answer.
        case none
    }

    let head = HTTPRequestHead()
    var stream: SocketStream
    /// When the last byte of the current request, or of the one that was answered last, had come.
    package private(set) var requestEnd: MonotonicTime
    /// Whether the response has been written.
    private(set) var hasResponded = false
    private(set) var closesAfterResponse = false
    /// Bytes of content of the last response, as far as it has been written.
    package private(set) var contentSent = 0

    private let loop: EventLoop
    private let number: Int
    private let server: HTTPLoop
    private let counters: HTTPCounters
    private let clock: HTTPLoopClock
    private let options: HTTPLoopOptions
    private var parser: HTTPRequestParser
    private var arrivalWaiter: UnsafeContinuation<Arrival, Never>?
    /// Whether there is no task that serves it, until something happens.
    private var isResting = false
    /// What ended the rest, for who waits for it next.
    private var wakeUp: Arrival?
    // Written with every request, and never while anything else is looked at.
    @exclusivity(unchecked) private var wait = Wait.busy
    private var drainWaiter: UnsafeContinuation<Bool, Never>?
    /// Whether the socket is the TLS handshake's, which reads and writes by itself.
    var isShakingHands = false
    private var isFlushScheduled = false
    private var responsesInTurn = 0
    private var readsInTurn = 0
    /// Whether all of the current request has been read.
    private var isRequestRead = true
    /// Whether the peer has ended its side.
    private var hasPeerEnded = false

    /// One timer, armed again only when it fires before the deadline that then holds: a request costs no timer.
    private var timer: TimerID?
    private var timerAt = MonotonicTime.distantFuture
    private var readDeadline: MonotonicTime
    private var writeDeadline = MonotonicTime.distantFuture

    /// - Parameter number: What the server calls it.
    init(
        accepted descriptor: CInt, number: Int, server: HTTPLoop, clock: HTTPLoopClock, options: HTTPLoopOptions
    ) {
        self.number = number
        self.server = server
        counters = server.counters
        self.clock = clock
        self.options = options
        loop = server.loop
        stream = SocketStream(accepted: descriptor, loop: server.loop)
        parser = HTTPRequestParser(limits: options.current.limits)
        requestEnd = server.loop.now
        readDeadline = server.loop.now + options.current.idleTimeout
    }

    func start() throws(SocketError) {
        try stream.start(self)
    }

    var isOpen: Bool { stream.isOpen }
    var loopIndex: Int { loop.index }
    /// Who is at the other end; nil where the connection is gone.
    package var peer: SocketAddress? { isOpen ? stream.peerAddress : nil }

    // MARK: Requests

    /// Waits for the next request's head.
    func nextRequest() async -> NextRequest {
        isRequestRead = true
        hasResponded = true
        readDeadline = loop.now + options.current.idleTimeout
        var hasBegun = false
        while true {
            switch Self.readHead(&stream.input, &parser, into: head) {
            case .complete where head.isSecureTarget && !stream.isSecured:
                hasResponded = false
                isRequestRead = false
                return .rejected(.secureTargetOnPlainPort)
            case .complete:
                hasResponded = false
                isRequestRead = head.framing == .none || head.framing == .length(0)
                requestEnd = loop.now
                return .request
            case .rejected(let rejection):
                hasResponded = false
                isRequestRead = false
                return .rejected(rejection)
            case .incomplete: break
            }
            if stream.input.releaseIfEmpty() {
                // A connection that was answered before the draining began, and is told of it in this way.
                if server.isDraining { return .none }
            } else if !hasBegun {
                hasBegun = true
                readDeadline = loop.now + options.current.headerTimeout
            }
            wait = hasBegun ? .busy : .request
            switch await arrival() {
            case .bytes: continue
            case .end, .gone: return .none
            case .rest:
                guard isOpen, !server.isDraining else { return .none }
                rest()
                return .rest
            case .timeout:
                guard hasBegun else { return .none }
                hasResponded = false
                isRequestRead = false
                return .rejected(.requestTimeout)
            }
        }
    }

    private static func readHead(
        _ input: inout InputBuffer, _ parser: inout HTTPRequestParser, into head: HTTPRequestHead
    ) -> HTTPHeadOutcome {
        var consumed = 0
        defer { input.consume(consumed) }
        return parser.parseHead(input.readable, into: head, consumed: &consumed)
    }

    /// Reads the body of the current request; nil when the client has gone.
    func readBody(limit: Int) async throws(HTTPRejection) -> Bytes? {
        guard !isRequestRead else { return Bytes() }
        var body = HTTPBodyParser(head.framing, limit: limit, limits: options.current.limits)
        var content: [UInt8] = []
        let begin = loop.now
        var received = 0
        var isContinued = head.expectation != .continue
        while true {
            var consumed = 0
            let event = body.next(stream.input.readable, consumed: &consumed)
            switch event {
            case .data(let range):
                makeRoom(for: range.count, in: &content)
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
            let rate = max(1, options.current.minimumBodyRate)
            readDeadline = begin + options.current.headerTimeout + .milliseconds(received * 1000 / rate)
            wait = .busy
            switch await arrival() {
            case .bytes, .rest: continue
            case .end, .gone:
                closeNow()
                return nil
            case .timeout: throw .requestTimeout
            }
        }
    }

    /// A peer's word is no reason to take memory: room grows with what arrives. It ends where the content does, since a
    /// value that is kept would keep the rest as well.
    private func makeRoom(for count: Int, in content: inout [UInt8]) {
        let needed = content.count + count
        guard needed > content.capacity, case .length(let length) = head.framing else { return }
        content.reserveCapacity(min(length, max(needed, 2 * content.count)))
    }

    /// Waits until bytes have been added to the input.
    private func arrival() async -> Arrival {
        guard isOpen else { return .gone }
        if let wakeUp {
            self.wakeUp = nil
            return wakeUp
        }
        if hasPeerEnded { return .end }
        if stream.mayHaveMore {
            if readsInTurn < Self.readsPerTurn {
                if let arrival = read() { return arrival }
            } else {
                // The end of the turn goes on with it.
                scheduleFlush()
            }
        }
        stream.setReading(true)
        return await withUnsafeContinuation { waiter in
            guard isOpen else { return waiter.resume(returning: .gone) }
            arrivalWaiter = waiter
            armTimer()
        }
    }

    /// Reads once; nil when there is nothing.
    private func read() -> Arrival? {
        readsInTurn += 1
        switch stream.read() {
        case .bytes(let count):
            counters.bytesRead.add(count)
            return .bytes
        case .wouldBlock: return nil
        case .end:
            hasPeerEnded = true
            return .end
        case .failed:
            closeNow()
            return .gone
        }
    }

    // MARK: TLS

    func beginHandshake() {
        isShakingHands = true
        // Until there is a request, nobody misses the connection when the server ends.
        hasResponded = true
        readDeadline = loop.now + options.current.headerTimeout
    }

    /// Waits until the loop reports what the handshake waits for.
    func readiness() async -> Arrival {
        await withUnsafeContinuation { waiter in
            guard isOpen else { return waiter.resume(returning: .gone) }
            arrivalWaiter = waiter
            armTimer()
        }
    }

    // MARK: Responses

    /// The context of a response, with what the connection knows: it ends with this response when the server is
    /// draining, or when the request was not read to its end. Behind a request that lacks its length, what the client
    /// takes for content would be read as requests.
    private func context(_ context: HTTPResponseContext, of status: HTTPStatus) -> HTTPResponseContext {
        var context = context
        if server.isEndNear || !isRequestRead || status == .lengthRequired { context.keepAlive = false }
        if !context.keepAlive { closesAfterResponse = true }
        return context
    }

    func closeAfterResponse() { closesAfterResponse = true }

    /// Writes a response's head. The result is how its content follows.
    func writeHead(
        _ status: HTTPStatus, _ content: HTTPResponseHead.Content, for context: HTTPResponseContext,
        _ fields: (borrowing HTTPResponseHead, inout OutputQueue) -> Void
    ) -> HTTPResponseHead.Coding {
        contentSent = 0
        return Self.writeHead(
            status, content, for: self.context(context, of: status), clock, fields, to: &stream.output)
    }

    /// The same with a whole body.
    func write(
        _ status: HTTPStatus, body: Bytes, for context: HTTPResponseContext,
        _ fields: (borrowing HTTPResponseHead, inout OutputQueue) -> Void
    ) {
        contentSent = Self.write(
            status, body: body, for: self.context(context, of: status), clock, fields, to: &stream.output)
    }

    // In functions of the queue alone, so that the connection is looked at once and not for every piece.

    private static func writeHead(
        _ status: HTTPStatus, _ content: HTTPResponseHead.Content, for context: HTTPResponseContext,
        _ clock: HTTPLoopClock, _ fields: (borrowing HTTPResponseHead, inout OutputQueue) -> Void,
        to output: inout OutputQueue
    ) -> HTTPResponseHead.Coding {
        let head = HTTPResponseHead(status, to: &output)
        clock.appendDate(to: &output)
        fields(head, &output)
        return head.end(content, for: context, to: &output)
    }

    private static func write(
        _ status: HTTPStatus, body: Bytes, for context: HTTPResponseContext, _ clock: HTTPLoopClock,
        _ fields: (borrowing HTTPResponseHead, inout OutputQueue) -> Void, to output: inout OutputQueue
    ) -> Int {
        let coding = writeHead(status, .length(body.count), for: context, clock, fields, to: &output)
        guard coding == .identity else { return 0 }
        output.append(value: body)
        return body.count
    }

    func count(content bytes: Bytes) { contentSent += bytes.count }

    func endResponse() {
        hasResponded = true
        responsesInTurn += 1
        scheduleFlush()
    }

    func scheduleFlush() {
        guard !isFlushScheduled, isOpen else { return }
        isFlushScheduled = true
        loop.flushAtEndOfTurn(self)
    }

    package func flushOutput() {
        isFlushScheduled = false
        responsesInTurn = 0
        readsInTurn = 0
        guard isOpen else { return }
        let before = stream.bytesWritten
        let outcome = stream.flush()
        counters.bytesWritten.add(stream.bytesWritten - before)
        switch outcome {
        case .done:
            writeDeadline = .distantFuture
            resumeDrain(true)
        case .blocked:
            if stream.bytesWritten > before || writeDeadline == .distantFuture {
                writeDeadline = loop.now + options.current.writeStallTimeout
                armTimer()
            }
        case .failed: return closeNow()
        }
        if arrivalWaiter != nil, stream.mayHaveMore, let arrival = read() { resumeArrival(arrival) }
    }

    /// Waits until the client has taken all output; false when it has gone.
    func drained() async -> Bool {
        await withUnsafeContinuation { waiter in
            if isOpen, !stream.output.isEmpty { drainWaiter = waiter } else { waiter.resume(returning: isOpen) }
        }
    }

    /// Whether its output has to go before the next request is looked at: the client is behind with reading, or the
    /// connection has had its share of the turn.
    var mustDrain: Bool {
        stream.isWriteBlocked || responsesInTurn >= Self.responsesPerTurn || stream.output.count >= Self.outputPerTurn
    }

    // MARK: Events

    package func ready(_ events: PollEvents) {
        guard !isShakingHands else { return resumeArrival(.bytes) }
        readsInTurn = 0
        if events.contains(.write) { flushOutput() }
        guard isOpen, events.callForRead else { return }
        if isWaiting {
            if let arrival = read() { resumeArrival(arrival) }
        } else if events.contains(.hangUp) {
            closeNow()
        } else {
            // A request is being answered; the next one may wait where it is.
            stream.setReading(false)
        }
    }

    /// Whether somebody waits, or would if it did not rest, for the next bytes.
    private var isWaiting: Bool { arrivalWaiter != nil || isResting }

    private func resumeArrival(_ arrival: Arrival) {
        if let waiter = arrivalWaiter {
            arrivalWaiter = nil
            waiter.resume(returning: arrival)
        } else if isResting {
            isResting = false
            counters.resting.add(-1)
            wakeUp = arrival
            server.wake(number)
        }
    }

    private func resumeDrain(_ isOpen: Bool) {
        guard let waiter = drainWaiter else { return }
        drainWaiter = nil
        waiter.resume(returning: isOpen)
    }

    // MARK: Time

    /// Has the timer fire no later than the deadlines that hold: while a request is being answered nothing is waited
    /// for, and the answer has a deadline of its own.
    private func armTimer() {
        let deadline = isWaiting ? min(readDeadline, writeDeadline) : writeDeadline
        guard isOpen, deadline < timerAt else { return }
        if let timer { loop.cancel(timer) }
        timerAt = deadline
        timer = loop.schedule(at: deadline) { [unowned self] in timerFired() }
    }

    private func timerFired() {
        timer = nil
        timerAt = .distantFuture
        if loop.now >= writeDeadline { return closeNow() }
        if loop.now >= readDeadline { resumeArrival(.timeout) }
        armTimer()
    }

    // MARK: Rest

    /// Has it rest if it has been between requests since the last time that this was asked: a task that has served a request
    /// keeps several kilobytes. True when it rests from now on, or is gone.
    func restsOrIsGone() -> Bool {
        guard isOpen else { return true }
        guard arrivalWaiter != nil, wait != .busy, stream.output.isEmpty, !stream.mayHaveMore else { return false }
        guard wait == .requestForLong else {
            wait = .requestForLong
            return false
        }
        resumeArrival(.rest)
        return true
    }

    private func rest() {
        isResting = true
        counters.resting.add()
        head.releaseMemory()
        // Something may have happened on the way here, and was not looked at.
        stream.setReading(true)
        armTimer()
    }

    // MARK: Ending

    private static let lingerTime: Duration = .seconds(2)
    private static let lingerBytes = 16 << 20

    /// Closes in stages (RFC 9112 §9.6): what we sent could be lost if we closed while the client still sends.
    func closeInStages() async {
        scheduleFlush()
        guard await drained() else { return dropOutput() }
        stream.shutDownWriting()
        readDeadline = loop.now + Self.lingerTime
        wait = .busy
        var discarded = 0
        while discarded <= Self.lingerBytes {
            discarded += stream.input.count
            stream.input.consume(stream.input.count)
            guard case .bytes = await arrival() else { break }
        }
        closeNow()
    }

    /// Drops an answer that came after the end, while this is still the loop's thread: the memory is the loop's.
    private func dropOutput() {
        stream.output.clear()
        stream.output.releaseIfEmpty()
    }

    /// Ends it if it waits for a request of which nothing has come: nobody misses it. An answer that has not gone yet goes
    /// first.
    func endIfIdle() {
        guard isRequestRead, hasResponded, isWaiting, stream.input.isEmpty else { return }
        if stream.output.isEmpty { closeNow() } else { resumeArrival(.end) }
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
