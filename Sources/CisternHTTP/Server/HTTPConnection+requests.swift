internal import CisternBytes
internal import CisternSockets

/// What a client sends.
extension HTTPConnection {
    /// Reads in one turn, of a buffer each.
    private static let readsPerTurn = 16

    /// What ended the reading of a request's head.
    private enum ReadRequest {
        case request
        case rejected(HTTPRejection)
        /// There has been none for a while.
        case rest
        /// There is none, and no one to answer.
        case none
    }

    /// Answers requests; false when the connection rests, true when it has come to its end.
    func answerRequests() async -> Bool {
        repeat {
            serving = .over
            await options.handler.serve(self)
        } while serving == .goesOn
        endRequest()
        guard serving == .rests, isOpen, !server.isDraining else { return true }
        rest()
        return false
    }

    /// Has the answer to the request before leave, and waits for the next one; nil when there is none for now, or none for this
    /// handler, in whose place there is another.
    package func nextRequest(for handler: any HTTPHandler) async -> HTTPResponder? {
        if !isRequestKept {
            endRequest()
            if closesAfterResponse { return leave(.over) }
            if mustDrain, await !drained() { return leave(.over) }
            switch await readRequest() {
            case .rest: return leave(.rests)
            case .none: return leave(.over)
            case .rejected(let rejection):
                counters.rejections.add()
                options.handler.refuse(rejection, HTTPResponder(self, .rejected(head)))
                return leave(.over)
            case .request: counters.requests.add()
            }
        }
        isRequestKept = handler !== options.handler
        isAnswering = !isRequestKept
        return isAnswering ? HTTPResponder(self, HTTPResponseContext(head)) : leave(.goesOn)
    }

    private func endRequest() {
        guard isAnswering else { return }
        isAnswering = false
        if !hasResponded { HTTPResponder(self, HTTPResponseContext(head)).send(.internalServerError) }
        sendResponse()
    }

    private func leave(_ serving: Serving) -> HTTPResponder? {
        self.serving = serving
        return nil
    }

    /// Waits for the next request's head.
    // In one frame with its caller: each frame of a task is allocated for each request.
    @inline(__always)
    private func readRequest() async -> ReadRequest {
        isRequestRead = true
        hasResponded = true
        readDeadline = loop.now.advanced(byNanoseconds: options.idleTime)
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
                lastByte = loop.now
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
            case .rest: return .rest
            case .timeout:
                guard hasBegun else { return .none }
                hasResponded = false
                isRequestRead = false
                Self.reject(.requestTimeout, stream.input, &parser, head)
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

    private static func reject(
        _ rejection: HTTPRejection, _ input: borrowing InputBuffer, _ parser: inout HTTPRequestParser,
        _ head: HTTPRequestHead
    ) {
        parser.reject(rejection, input.readable, into: head)
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
                lastByte = loop.now
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
    func arrival() async -> Arrival {
        loop.assertOnLoop()
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
        return await suspend { waiter in
            arrivalWaiter = waiter
            armTimer()
        }
    }

    /// Reads once; nil when there is nothing.
    func read() -> Arrival? {
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
}
