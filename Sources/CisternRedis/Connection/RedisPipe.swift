internal import CisternBytes
internal import CisternRESP
internal import CisternSockets

/// One connection to Redis that many callers share: commands go out in the order they are given, replies come back in
/// that order. It belongs to one `RedisShard` and is touched on that shard's loop alone.
///
/// A caller that gives up is let go at once, and its reply is dropped when it comes; the pipe and everyone else on it go
/// on. A pipe ends only when the connection fails, when the server sends what is not RESP, or when it is stuck: its
/// oldest reply overdue by `readTimeout` with no byte received, or nothing written for `writeTimeout`.
final class RedisPipe: EventSource, OutputSource {
    /// Reads per wake-up before the others of the loop have their turn.
    private static let readsPerTurn = 8

    /// Can transition to: `securing`, when connected and TLS is wanted; `open`, when connected; `closed`.
    private enum State {
        case connecting(UnsafeContinuation<RedisError?, Never>?)
        /// Can transition to: `open`, when the TLS handshake is done; `closed`.
        case securing(UnsafeContinuation<RedisError?, Never>?)
        /// Can transition to: `closed`.
        case open
        /// Never changes again.
        case closed(RedisError)
    }

    let id: Int
    let openedAt: MonotonicTime
    /// When the connection stood, before TLS; nil until then.
    private(set) var connectedAt: MonotonicTime?
    /// When a command was last given to it.
    private(set) var lastUsed: MonotonicTime
    /// Commands whose replies have not all come, given up or not.
    private(set) var depth = 0
    /// No new command is given to it; it closes when its last reply has come.
    private(set) var isDraining = false
    /// What the server said of itself in HELLO.
    var server = RedisServerInfo()

    let loop: EventLoop
    /// In nanoseconds, since deadlines are made of them with every command.
    private let readTimeout: Int64
    private let writeTimeout: Int64
    let shard: RedisShard
    private var state = State.connecting(nil)
    // Not checked at run time, as others are: what is done with them never comes back here.
    @exclusivity(unchecked) private var stream: SocketStream
    @exclusivity(unchecked) private var conversation = Conversation()
    private var timer: TimerID?
    private var timerDeadline = MonotonicTime.distantFuture
    /// Since when a reply is owed and nothing was received.
    private var silentSince = MonotonicTime.distantFuture
    /// Since when output waits and nothing was written.
    private var blockedSince = MonotonicTime.distantFuture
    private var isFlushScheduled = false
    /// The newest of the orphaned connections that the server has been told of on this one. See `RedisPipe+orphans.swift`.
    var orphansTold: Int?

    /// Starts to connect. The shard is told when the pipe has made room, and when it has ended after having been open.
    init(
        id: Int, to address: SocketAddress, timeouts: RedisConnectionOptions.Timeouts, shard: RedisShard
    ) throws(SocketError) {
        self.id = id
        self.shard = shard
        readTimeout = timeouts.read.saturatingNanoseconds
        writeTimeout = timeouts.write.saturatingNanoseconds
        loop = shard.loop
        openedAt = loop.now
        lastUsed = loop.now
        stream = try SocketStream(connectingTo: address, loop: loop)
        try stream.start(self)
    }

    /// Whether commands can be given to it.
    var isUsable: Bool {
        if case .open = state { !isDraining } else { false }
    }

    var isIdle: Bool { depth == 0 }

    /// Bytes that wait to be written.
    var backlog: Int { stream.output.count }

    // MARK: Opening

    /// Waits until the connection stands, with TLS where it is wanted; the result is what went wrong.
    func open(tls: TLSClient?, until deadline: MonotonicTime) async -> RedisError? {
        self.tls = tls
        let timer = loop.schedule(at: deadline) { [unowned self] in
            end(ErrorHandler.dialTimeout(phase))
        }
        defer { loop.cancel(timer) }
        return await withUnsafeContinuation { continuation in
            switch state {
            case .connecting: state = .connecting(continuation)
            case .securing: state = .securing(continuation)
            case .open: continuation.resume(returning: nil)
            case .closed(let error): continuation.resume(returning: error)
            }
        }
    }

    private var tls: TLSClient?

    private var phase: RedisError.Phase {
        switch state {
        case .connecting: .dialing
        case .securing: .handshake
        case .open, .closed: isIdle ? .queued : .written
        }
    }

    private func connected(_ continuation: UnsafeContinuation<RedisError?, Never>?) {
        if let error = stream.finishConnecting() { return end(ErrorHandler.classify(error, phase: .dialing)) }
        connectedAt = .now
        guard let tls else { return opened(continuation) }
        state = .securing(continuation)
        if let error = stream.startTLS(
            tls.context, serverName: tls.serverName, resumptionKey: tls.resumptionKey)
        {
            return end(ErrorHandler.classify(error, phase: .handshake))
        }
        secure(continuation)
    }

    private func opened(_ continuation: UnsafeContinuation<RedisError?, Never>?) {
        state = .open
        shard.counters.idle.add(1)
        continuation?.resume(returning: nil)
    }

    private func secure(_ continuation: UnsafeContinuation<RedisError?, Never>?) {
        switch stream.handshake() {
        case .blocked: break
        case .done: opened(continuation)
        case .failed(let error): end(ErrorHandler.classify(error, phase: .handshake))
        }
    }

    // MARK: Commands

    /// Sends so many commands, at least one, in one write with what else the turn produces, and waits for their replies. A pipe
    /// that cannot take them says why; then nothing was sent.
    func exchange(
        _ limit: OperationLimit, count: Int = 1, isWrite: Bool = false, _ encode: (inout OutputQueue) -> Void
    ) async -> Outcome {
        loop.assertOnLoop()
        return await suspend { send(limit, count: count, isWrite: isWrite, encode, for: $0) }
    }

    /// The same for one who waits already.
    func send(
        _ limit: OperationLimit, count: Int, isWrite: Bool, _ encode: (inout OutputQueue) -> Void,
        for waiter: PendingCommand.Waiter
    ) {
        if let error = refusal(limit) { return waiter.resume(returning: .failure(error)) }
        // Before anything that could be undone by what an orphaned connection has left with the server.
        if let orphansTold, orphansTold < shard.orphans.newest { endOrphans() }
        append(.waiter(waiter), count: count, limit, isWrite: isWrite, encode)
        if depth == PoolPolicy.comfortableDepth { shard.pipeIsDeep() }
    }

    private func refusal(_ limit: OperationLimit) -> RedisError? {
        if limit.isCancelled { return ErrorHandler.cancelled(.queued) }
        if case .closed(let error) = state { return error.at(.queued) }
        let now = loop.now
        if limit.deadline <= now { return ErrorHandler.tooLateToSend }
        // With few commands on the way, one more tells how quick the server is now.
        let left = limit.deadline.nanoseconds &- now.nanoseconds
        guard depth >= PoolPolicy.hopefulDepth, conversation.isHopeless(within: left) else { return nil }
        shard.counters.congested.add()
        return ErrorHandler.congested
    }

    /// Sends a command of the pipe's own; `receive` gets nil when the connection has ended first. It must not call the pipe:
    /// `later` does.
    func sendInternally(_ receive: @escaping (RESPValue?) -> Void, encode: (inout OutputQueue) -> Void) {
        guard case .open = state else { return }
        append(.internally(receive), count: 1, OperationLimit(.distantFuture), isWrite: false, encode)
    }

    /// Puts a command into the output, to leave at the end of the turn, and notes who waits for its replies.
    private func append(
        _ completion: PendingCommand.Completion, count: Int, _ limit: OperationLimit, isWrite: Bool,
        _ encode: (inout OutputQueue) -> Void
    ) {
        let start = stream.append(encode)
        lastUsed = loop.now
        conversation.add(
            PendingCommand(
                completion, count: count, limit, isWrite: isWrite, sentAt: lastUsed, ahead: depth, start: start))
        if !isFlushScheduled {
            isFlushScheduled = true
            loop.flushAtEndOfTurn(self)
        }
        if isIdle {
            silentSince = lastUsed
            shard.counters.idle.add(-1)
        }
        depth += 1
        let next = min(limit.deadline, stuckAt)
        if next < timerDeadline { setTimer(next) }
    }

    /// Does something with the pipe when it is not in the middle of something.
    func later(_ action: @escaping (RedisPipe) -> Void) {
        _ = loop.schedule(at: loop.now) { [weak self] in if let self { action(self) } }
    }

    /// Lets go whoever waits for a command, by the number of its operation.
    func cancel(_ number: Int) { conversation.cancel(number) }

    // MARK: Events

    func ready(_ events: PollEvents) {
        switch state {
        case .connecting(let continuation): connected(continuation)
        case .securing(let continuation): secure(continuation)
        case .open:
            if events.contains(.write) { flushOutput() }
            if events.callForRead { receive() }
        case .closed: break
        }
    }

    private func receive() {
        reading: for _ in 0..<Self.readsPerTurn {
            // The decoder has taken all that had come: a long string goes on with the next byte.
            switch conversation.fill({ stream.read(into: &$0, atMost: $1) }) ?? stream.read() {
            case .bytes:
                silentSince = loop.now
                guard deliver() else { return }
                if !stream.mayHaveMore { break reading }
            case .wouldBlock: break reading
            case .end:
                return end(
                    ErrorHandler.classify(SocketError(.closed, "the server closed the connection"), phase: .reading))
            case .failed(let error): return end(ErrorHandler.classify(error, phase: .reading))
            }
        }
        stream.input.releaseIfEmpty()
        // TLS reads ahead, and what it holds the loop does not see.
        if stream.isSecured, stream.mayHaveMore { later { $0.goOnReceiving() } }
        shard.pipeMadeRoom()
    }

    private func goOnReceiving() {
        if case .open = state { receive() }
    }

    /// Hands out the replies that have come whole; false when the pipe has ended.
    private func deliver() -> Bool {
        let wasIdle = isIdle
        do throws(RedisError) {
            depth = try conversation.deliver(&stream.input, silentSince, shard.counters.roundTrips)
        } catch {
            end(error)
            return false
        }
        guard isIdle, !wasIdle else { return true }
        shard.counters.idle.add(1)
        if isDraining { end(ErrorHandler.retired) }
        return !isDraining
    }

    func flushOutput() {
        isFlushScheduled = false
        guard case .open = state else { return }
        let before = stream.bytesWritten
        switch stream.flush() {
        case .done: blockedSince = .distantFuture
        case .blocked:
            if stream.bytesWritten > before || blockedSince == .distantFuture { blockedSince = loop.now }
            if stuckAt < timerDeadline { setTimer(stuckAt) }
        case .failed(let error):
            // The server may have said why before it closed; what it said is better than "broken pipe".
            receive()
            end(ErrorHandler.classify(error, phase: .written))
        }
    }

    // MARK: Time

    /// When the pipe counts as stuck if nothing moves until then.
    private var stuckAt: MonotonicTime {
        let reading = isIdle ? .distantFuture : silentSince.advanced(byNanoseconds: readTimeout)
        return blockedSince == .distantFuture
            ? reading : min(reading, blockedSince.advanced(byNanoseconds: writeTimeout))
    }

    private func setTimer(_ deadline: MonotonicTime) {
        if let timer { loop.cancel(timer) }
        timerDeadline = deadline
        timer = loop.schedule(at: deadline) { [unowned self] in timerFired() }
    }

    /// One timer serves all commands: it lets go those that are late, and looks for the next deadline.
    private func timerFired() {
        timer = nil
        timerDeadline = .distantFuture
        let now = loop.now
        if now >= stuckAt {
            return end(RedisError(.timeout, phase: .written, retry: .ifRepeatable, "the server has stopped answering"))
        }
        let next = min(conversation.expire(now), stuckAt)
        if next != .distantFuture { setTimer(next) }
    }

    // MARK: Ending

    /// Takes no new commands and closes when the last reply has come.
    func drain() {
        isDraining = true
        if isIdle { end(ErrorHandler.retired) }
    }

    /// Closes at once; everyone who waits gets the error.
    func end(_ error: RedisError) {
        let previous = state
        if case .closed = previous { return }
        state = .closed(error)
        if let timer { loop.cancel(timer) }
        timer = nil
        let written = stream.bytesWritten
        stream.close()
        if case .open = previous, isIdle { shard.counters.idle.add(-1) }
        let unanswered = conversation.end(error, written: written)
        depth = 0
        if !unanswered.isEmpty { orphan(unanswered) }
        switch previous {
        case .connecting(let continuation), .securing(let continuation): continuation?.resume(returning: error)
        case .open: shard.pipeEnded(id, error)
        case .closed: break
        }
    }
}
