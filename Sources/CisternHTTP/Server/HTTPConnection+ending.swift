internal import CisternBytes
internal import CisternSockets

/// What happens when a client sends nothing, or nothing more.
extension HTTPConnection {
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

    func rest() {
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
}
