internal import CisternBytes
internal import CisternRESP
internal import CisternSockets
internal import DequeModule

/// The commands of one connection whose replies have not all come, in the order in which they were sent, and what decodes
/// the replies. No I/O.
struct Conversation: ~Copyable {
    private var decoder = RESPDecoder()
    private var pending = Deque<PendingCommand>()
    /// The replies to the first of them that have come, and how many.
    private var earlier = EarlierReplies.none
    private var received = 0
    /// Of the command that was answered last: how long it took, in nanoseconds, and how many were before it.
    private var lastRoundTrip: Int64 = 0
    private var lastAhead = 0

    mutating func add(_ command: PendingCommand) { pending.append(command) }

    /// Has `read` put a long string that is arriving into its place, without a buffer between; it is given an array to append to,
    /// and how many bytes it may append. Nil when none is arriving, or so little of it is missing that a buffer takes it with
    /// what follows.
    mutating func fill<Outcome>(_ read: (inout [UInt8], Int) -> Outcome) -> Outcome? {
        guard decoder.outstanding > BufferPool.blockSize else { return nil }
        return decoder.fill(read)
    }

    /// Hands out the replies that have come whole. The result is how many commands still wait.
    ///
    /// - Parameter roundTrips: Counts how long each took.
    /// - Throws: Why the connection has to end: what came is not RESP, or answers nothing.
    mutating func deliver(
        _ input: inout InputBuffer, _ now: MonotonicTime, _ roundTrips: LatencyHistogram
    ) throws(RedisError) -> Int {
        while let reply = try nextReply(&input) {
            // Nothing is subscribed to, so what the server pushes is for nobody.
            if case .push = reply { continue }
            guard !pending.isEmpty else { throw unaskedReply(reply) }
            received += 1
            guard received == pending[0].count else {
                if !pending[0].isAbandoned { earlier.append(reply, of: pending[0].count) }
                continue
            }
            let command = pending.removeFirst()
            command.complete(earlier, reply)
            if received > 1 { earlier = .none }
            received = 0
            lastRoundTrip = now.nanoseconds &- command.sentAt.nanoseconds
            lastAhead = command.ahead
            roundTrips.record(nanoseconds: lastRoundTrip)
        }
        return pending.count
    }

    /// Whether one more command cannot be expected to be answered within so many nanoseconds: the last one took more than half
    /// as long, and with as many before it as there are now it would have taken longer. As long as the server is quick, the
    /// time is the network's, and says nothing of what the server could do.
    func isHopeless(within left: Int64) -> Bool {
        guard lastRoundTrip > left / 2 else { return false }
        let (product, isTooLong) = lastRoundTrip.multipliedReportingOverflow(by: Int64(pending.count + 1))
        return isTooLong || product / Int64(lastAhead + 1) > left
    }

    private mutating func nextReply(_ input: inout InputBuffer) throws(RedisError) -> RESPValue? {
        do throws(RESPDecodingError) {
            var consumed = 0
            let reply = try decoder.decode(input.readable, consumed: &consumed)
            input.consume(consumed)
            return reply
        } catch {
            throw ErrorHandler.classify(error)
        }
    }

    private func unaskedReply(_ reply: RESPValue) -> RedisError {
        if case .error(let error) = reply { return ErrorHandler.classify(error, phase: .queued) }
        return RedisError(.protocol, phase: .queued, retry: .ifRepeatable, "the server sent a reply to nothing")
    }

    /// Lets go whoever waits for a command, by its number.
    mutating func cancel(_ number: Int) {
        // Numbers count up, or nearly so, where all operations have one: many that are cancelled together are found quickly.
        var (low, high) = (0, pending.count)
        while low < high {
            let middle = (low + high) / 2
            if pending[middle].number < number { low = middle + 1 } else { high = middle }
        }
        if low == pending.count || pending[low].number != number {
            guard let index = pending.firstIndex(where: { $0.number == number }) else { return }
            low = index
        }
        pending[low].abandon(ErrorHandler.cancelled(.written))
    }

    /// Lets go whoever has waited until its deadline. The result is the next deadline.
    mutating func expire(_ now: MonotonicTime) -> MonotonicTime {
        var next = MonotonicTime.distantFuture
        for index in pending.indices where !pending[index].isAbandoned {
            if pending[index].deadline <= now {
                // What was given to a pipe will be written, if it has not been: its outcome is unknown either way.
                pending[index].abandon(ErrorHandler.deadlinePassed(.written))
            } else {
                next = min(next, pending[index].deadline)
            }
        }
        return next
    }

    /// Lets everybody go, after so many bytes were written. The result is the writes that the server may execute yet.
    mutating func end(_ error: RedisError, written: Int) -> [UnansweredCommand] {
        var unanswered: [UnansweredCommand] = []
        for index in pending.indices {
            // What was not written cannot have been executed, and of the rest only the first can have begun to answer.
            let isWritten = pending[index].start < written
            let phase: RedisError.Phase =
                !isWritten ? .queued : index == 0 && decoder.isWithinReply ? .reading : .written
            // A server that has no room for a client says so and closes: that is the better reason.
            let reason = (index == 0 ? earlier.lastError : nil).map { ErrorHandler.classify($0) } ?? error
            pending[index].abandon(reason.at(phase))
            guard let command = pending[index].unanswered else { continue }
            if isWritten { unanswered.append(command) } else { command.end(.dead) }
        }
        pending.removeAll()
        earlier = .none
        return unanswered
    }
}
