internal import CisternBytes
internal import CisternRESP
internal import CisternSockets
internal import DequeModule

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
    /// No new command is given to it; it closes when its last reply has come.
    private(set) var isDraining = false
    /// What the server said of itself in HELLO.
    var server = RedisServerInfo()

    private let loop: EventLoop
    /// In nanoseconds, since deadlines are made of them with every command.
    private let readTimeout: Int64
    private let writeTimeout: Int64
    private let shard: RedisShard
    private var state = State.connecting(nil)
    private var stream: SocketStream
    private var decoder = RESPDecoder()
    private var pending = Deque<PendingCommand>()
    private var nextNumber = 0
    private var timer: TimerID?
    private var timerDeadline = MonotonicTime.distantFuture
    /// Since when a reply is owed and nothing was received.
    private var silentSince = MonotonicTime.distantFuture
    /// Since when output waits and nothing was written.
    private var blockedSince = MonotonicTime.distantFuture
    private var isFlushScheduled = false
    /// The newest of the orphaned connections that the server has been told of on this one.
    private var orphansTold: Int?

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

    /// Commands whose replies have not all come, given up or not.
    var depth: Int { pending.count }

    /// Whether commands can be given to it.
    var isUsable: Bool {
        if case .open = state { !isDraining } else { false }
    }

    var isIdle: Bool { pending.isEmpty }

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
        case .open, .closed: pending.isEmpty ? .queued : .written
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

    /// A number by which the next command can be cancelled.
    func takeNumber() -> Int {
        nextNumber += 1
        return nextNumber
    }

    /// Puts a command into the output, to leave at the end of the turn, and notes who waits for its replies. The result is
    /// why it cannot; then nothing was sent and nobody waits.
    func send(
        _ completion: PendingCommand.Completion, number: Int, _ deadline: MonotonicTime, isWrite: Bool,
        _ encode: (inout OutputQueue) -> Void
    ) -> RedisError? {
        if case .closed(let error) = state { return error.at(.queued) }
        if deadline <= loop.now { return ErrorHandler.tooLateToSend }
        // Before anything that could be undone by what an orphaned connection has left with the server.
        if let orphansTold, orphansTold < shard.orphans.newest { endOrphans() }
        append(completion, number, deadline, isWrite: isWrite, encode)
        return nil
    }

    private func append(
        _ completion: PendingCommand.Completion, _ number: Int, _ deadline: MonotonicTime, isWrite: Bool,
        _ encode: (inout OutputQueue) -> Void
    ) {
        let start = stream.bytesWritten + stream.output.count
        encode(&stream.output)
        if !isFlushScheduled {
            isFlushScheduled = true
            loop.flushAtEndOfTurn(self)
        }
        if pending.isEmpty {
            silentSince = loop.now
            shard.counters.idle.add(-1)
        }
        lastUsed = loop.now
        pending.append(
            PendingCommand(
                completion: completion, number: number, deadline: deadline, isWrite: isWrite, start: start))
        let next = min(deadline, stuckAt)
        if next < timerDeadline { setTimer(next) }
    }

    /// Has the server end the connections that were orphaned, those from before this one was set up included.
    func endOrphans() {
        var told = max(orphansTold ?? 0, shard.orphans.newest)
        for orphan in shard.orphans.after(orphansTold ?? 0) {
            told = max(told, orphan.number)
            if let name = orphan.name {
                end(orphan, name)
            } else {
                outlast(orphan.number, pings: 2)
            }
        }
        orphansTold = told
    }

    private func end(_ orphan: OrphanedConnections.Orphan, _ name: OrphanedConnections.ClientName) {
        let number = orphan.number
        // Without an answer, the next connection tries.
        sendInternally { [unowned self] reply in
            if case .error = reply {
                shard.orphans.warn()
                later { $0.outlast(number, pings: 2) }
            } else if reply != nil {
                shard.orphans.confirm(number)
            }
        } encode: { output in
            output.appendRESPCommand(argumentCount: 6)
            output.appendRESPBulk("CLIENT")
            output.appendRESPBulk("KILL")
            output.appendRESPBulk("ID")
            output.appendRESPBulk(decimal: Int(name.id))
            output.appendRESPBulk("ADDR")
            output.appendRESPBulk(name.address)
        }
    }

    /// Waits until the server has answered so many PINGs, one after the other.
    private func outlast(_ orphan: Int, pings: Int) {
        guard case .open = state else { return }
        sendInternally { [unowned self] reply in
            guard reply != nil else { return }
            if pings == 1 { return shard.orphans.confirm(orphan) }
            later { $0.outlast(orphan, pings: pings - 1) }
        } encode: { output in
            output.appendRESPCommand(argumentCount: 1)
            output.appendRESPBulk("PING")
        }
    }

    /// Does something with the pipe when the line of commands is not being changed.
    private func later(_ action: @escaping (RedisPipe) -> Void) {
        _ = loop.schedule(at: loop.now) { [weak self] in if let self { action(self) } }
    }

    private func sendInternally(
        _ receive: @escaping (RESPValue?) -> Void, encode: (inout OutputQueue) -> Void
    ) {
        append(.internally(receive), takeNumber(), .distantFuture, isWrite: false, encode)
    }

    /// Lets go whoever waits for a command, by the number it was given.
    func cancel(_ number: Int) {
        // Numbers are taken shortly before the commands are sent, so they are sorted, or nearly so.
        var (low, high) = (0, pending.count)
        while low < high {
            let middle = (low + high) / 2
            if pending[middle].number < number { low = middle + 1 } else { high = middle }
        }
        if low < pending.count, pending[low].number == number {
            pending[low].abandon(ErrorHandler.cancelled(.written))
        } else if let index = pending.firstIndex(where: { $0.number == number }) {
            pending[index].abandon(ErrorHandler.cancelled(.written))
        }
    }

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

    /// Nothing is left in TLS's own buffer, which the loop does not see: a block of input holds a whole record, and the
    /// decoder takes all that has come.
    private func receive() {
        reading: for _ in 0..<Self.readsPerTurn {
            switch stream.read() {
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
        shard.pipeMadeRoom()
    }

    /// Hands out the replies that have come whole; false when the pipe has ended.
    private func deliver() -> Bool {
        do {
            while true {
                var consumed = 0
                let reply = try decoder.decode(stream.input.readable, consumed: &consumed)
                stream.input.consume(consumed)
                guard let reply else { return true }
                // Nothing is subscribed to, so what the server pushes is for nobody.
                if case .push = reply { continue }
                guard !pending.isEmpty else {
                    end(unaskedReply(reply))
                    return false
                }
                if pending[0].take(reply) {
                    pending.removeFirst()
                    if pending.isEmpty {
                        shard.counters.idle.add(1)
                        if isDraining {
                            end(ErrorHandler.retired)
                            return false
                        }
                    }
                }
            }
        } catch {
            end(ErrorHandler.classify(error))
            return false
        }
    }

    private func unaskedReply(_ reply: RESPValue) -> RedisError {
        if case .error(let error) = reply { return ErrorHandler.classify(error, phase: .queued) }
        return RedisError(.protocol, phase: .queued, retry: .ifRepeatable, "the server sent a reply to nothing")
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
        let reading = pending.isEmpty ? .distantFuture : silentSince.advanced(byNanoseconds: readTimeout)
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
        var next = stuckAt
        for index in pending.indices where !pending[index].isAbandoned {
            if pending[index].deadline <= now {
                // What was given to a pipe will be written, if it has not been: its outcome is unknown either way.
                pending[index].abandon(ErrorHandler.deadlinePassed(.written))
            } else {
                next = min(next, pending[index].deadline)
            }
        }
        if next != .distantFuture { setTimer(next) }
    }

    // MARK: Ending

    /// Takes no new commands and closes when the last reply has come.
    func drain() {
        isDraining = true
        if pending.isEmpty { end(ErrorHandler.retired) }
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
        if case .open = previous, pending.isEmpty { shard.counters.idle.add(-1) }
        var unanswered: [UnansweredCommand] = []
        for index in pending.indices {
            // What was not written cannot have been executed, and of the rest only the first can have begun to answer.
            let isWritten = pending[index].start < written
            let phase: RedisError.Phase =
                !isWritten ? .queued : index == 0 && decoder.isWithinReply ? .reading : .written
            // A server that has no room for a client says so and closes: that is the better reason.
            let reason = pending[index].lastError.map { ErrorHandler.classify($0) } ?? error
            pending[index].abandon(reason.at(phase))
            guard let command = pending[index].unanswered else { continue }
            if isWritten { unanswered.append(command) } else { command.end(.dead) }
        }
        pending.removeAll()
        if !unanswered.isEmpty { orphan(unanswered) }
        switch previous {
        case .connecting(let continuation), .securing(let continuation): continuation?.resume(returning: error)
        case .open: shard.pipeEnded(id, error)
        case .closed: break
        }
    }

    /// Leaves writes behind that the server may execute yet.
    private func orphan(_ commands: [UnansweredCommand]) {
        var name: OrphanedConnections.ClientName?
        if let id = server.clientID, let address = server.clientAddress { name = .init(id: id, address: address) }
        shard.orphans.add(name, commands: commands)
    }
}
