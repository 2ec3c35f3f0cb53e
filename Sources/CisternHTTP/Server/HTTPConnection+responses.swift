internal import CisternBytes
internal import CisternSockets

/// What a client is sent.
extension HTTPConnection {
    /// What is written in one turn before the next request is looked at: what answers requests that came together is sent when the
    /// turn ends.
    private static let responsesPerTurn = 64
    private static let outputPerTurn = 64 * 1024

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
        written = 0
        return Self.writeHead(
            status, content, for: self.context(context, of: status), clock, fields, to: &stream.output)
    }

    /// The same with a whole body.
    func write(
        _ status: HTTPStatus, body: Bytes, for context: HTTPResponseContext,
        _ fields: (borrowing HTTPResponseHead, inout OutputQueue) -> Void
    ) {
        written = Self.write(
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

    func count(content bytes: Bytes) { written += bytes.count }

    func endResponse() {
        hasResponded = true
        responsesInTurn += 1
    }

    /// Has the response leave: at once, so that the client goes on while others are answered; at the end of the turn, with what
    /// follows it, where more of the client's bytes are there already, or where that has been asked for.
    func sendResponse() {
        if stream.input.isEmpty, !isFlushScheduled { flush() } else { scheduleFlush() }
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
        flush()
        if isOpen, arrivalWaiter != nil, stream.mayHaveMore, let arrival = read() { resumeArrival(arrival) }
    }

    private func flush() {
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
        case .failed: closeNow()
        }
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
        stream.isBlocked || stream.writeAwaitsInput || responsesInTurn >= Self.responsesPerTurn
            || stream.output.count >= Self.outputPerTurn
    }
}
