internal import CisternBytes
internal import CisternResilience
internal import CisternSockets
internal import Logging

/// The connections: made, lost, replaced and closed.
extension RedisShard {
    // MARK: What pipes report, on the loop

    nonisolated func pipeMadeRoom() {
        assumeIsolated { if !$0.waiters.isEmpty { $0.serveWaiters() } }
    }

    nonisolated func pipeEnded(_ id: Int, _ error: RedisError) {
        assumeIsolated { $0.lost(id, error) }
    }

    func lost(_ id: Int, _ error: RedisError) {
        guard let index = pipes.firstIndex(where: { $0.id == id }) else { return }
        let pipe = pipes.remove(at: index)
        countPipes()
        if isClosed { return }
        if !pipe.isDraining {
            counters.connectionsLost.add()
            gate.doubt()
            logger?.warning("lost a connection to Redis", metadata: ["reason": "\(error)"])
            // The first attempt after a loss is at once, unless connections do not last as long as the shortest backoff.
            let isShortLived = pipe.openedAt + options.retryBackoff.lowerBound > loop.now
            if isShortLived, lastWasShortLived { noteFailure(error.at(.dialing)) }
            lastWasShortLived = isShortLived
        }
        dialIfWanted()
        if let failure = failureOfWaiting { failWaiters(failure) }
    }

    // MARK: Connecting

    func dialIfWanted() {
        guard !isClosed, dialing == nil, pipes.count < policy.maximum, loop.now >= nextAttempt else { return }
        let usable = pipes.filter(\.isUsable).map { PoolPolicy.Load(depth: $0.depth, backlog: $0.backlog) }
        guard isReplacing || policy.wantsConnection(open: usable, dialing: 0, waiting: waiters.count) else { return }
        dialing = Task(executorPreference: loop) { await self.dialOnce() }
    }

    func dialOnce() async {
        counters.dials.add()
        nextPipe += 1
        let result = await dial(nextPipe, until: loop.now + options.timeouts.dial)
        dialing = nil
        switch result {
        case .success(let pipe) where isClosed: pipe.end(ErrorHandler.clientClosed)
        case .success(let pipe): connected(pipe)
        case .failure where isClosed: break
        case .failure(let error): dialFailed(error)
        }
    }

    func dialFailed(_ error: RedisError) {
        counters.dialFailures.add()
        noteFailure(error)
        if let failure = failureOfWaiting { failWaiters(failure) }
    }

    func connected(_ pipe: RedisPipe) {
        // A pipe that ended in the moment between its set-up and now is not there to report it.
        guard pipe.isUsable else {
            return dialFailed(
                RedisError(.connection, phase: .handshake, retry: .ifRepeatable, "the connection did not last"))
        }
        if failures > 0 { logger?.notice("connected to Redis again", metadata: ["after_attempts": "\(failures)"]) }
        if hasConnected, !pipes.contains(where: \.isUsable) { counters.reconnects.add() }
        hasConnected = true
        failures = 0
        lastFailure = nil
        counters.lastFailure.set(-1)
        nextAttempt = MonotonicTime(nanoseconds: .min)
        let old = isReplacing ? pipes.filter(isTooOld) : []
        isReplacing = false
        pipes.append(pipe)
        for pipe in old { pipe.drain() }
        countPipes()
        serveWaiters()
        dialIfWanted()
    }

    func noteFailure(_ error: RedisError) {
        failures += 1
        lastFailure = error
        counters.lastFailure.set(RedisError.Kind.allCases.firstIndex(of: error.kind) ?? -1)
        if failures == 1 {
            logger?.warning(
                "cannot connect to Redis", metadata: ["reason": "\(error)", "address": "\(options.address)"])
        }
        nextAttempt = max(loop.now + backoff.delay(attempt: failures), gate.closedUntil)
        if let attemptTimer { loop.cancel(attemptTimer) }
        attemptTimer = loop.schedule(at: nextAttempt) { [unowned self] in
            assumeIsolated {
                $0.attemptTimer = nil
                $0.dialIfWanted()
            }
        }
    }

    // MARK: Keeping

    /// Gives up all connections because their server takes no writes any more: the name may lead to another one now.
    /// False when that has just been tried, so that a server which stays a replica is not dialed for every write.
    func renewPipes(insteadOf pipe: RedisPipe) -> Bool {
        if !pipe.isUsable { return true }
        guard renewedAt + options.retryBackoff.lowerBound <= loop.now else { return false }
        renewedAt = loop.now
        for pipe in pipes { pipe.drain() }
        countPipes()
        dialIfWanted()
        return true
    }

    func scheduleCheck() {
        guard options.pool.idleCheckFrequency > .zero, !isClosed else { return }
        checkTimer = loop.schedule(at: loop.now + options.pool.idleCheckFrequency) { [unowned self] in
            assumeIsolated {
                $0.closeIdle()
                $0.replaceOld()
                $0.scheduleCheck()
            }
        }
    }

    func closeIdle() {
        let limit = options.pool.idleTimeout
        guard limit > .zero else { return }
        // The last ones are looked at first: the first ones carry the traffic.
        for pipe in pipes.reversed()
        where pipes.count > policy.kept && pipe.isIdle && pipe.lastUsed + limit <= loop.now {
            pipe.drain()
        }
    }

    func replaceOld() {
        let old = pipes.filter(isTooOld)
        guard !old.isEmpty else { return }
        if pipes.contains(where: { $0.isUsable && !isTooOld($0) }) {
            for pipe in old { pipe.drain() }
        } else if pipes.count < policy.maximum {
            isReplacing = true
        } else {
            old[0].drain()
        }
        countPipes()
        dialIfWanted()
    }

    func isTooOld(_ pipe: RedisPipe) -> Bool {
        let limit = options.pool.maximumAge
        return limit > .zero && pipe.isUsable && pipe.openedAt + limit <= loop.now
    }

    func countPipes() {
        counters.open.set(pipes.count)
        counters.usable.set(pipes.count(where: \.isUsable))
    }
}
