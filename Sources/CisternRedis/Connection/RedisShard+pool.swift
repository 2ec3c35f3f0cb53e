internal import CisternBytes
internal import CisternResilience
internal import CisternSockets

/// The connections: made, lost, replaced and closed.
extension RedisShard {
    // MARK: What pipes report, on the loop

    nonisolated func pipeMadeRoom() {
        if counters.waiting.value > 0 { assumeIsolated { $0.serveWaiters() } }
    }

    /// A pipe has so many commands that another connection may be wanted.
    nonisolated func pipeIsDeep() {
        assumeIsolated { $0.dialIfWanted() }
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
            // The first attempt after a loss is at once, unless connections do not last as long as the shortest backoff.
            let isShortLived = pipe.openedAt + options.retryBackoff.lowerBound > loop.now
            if isShortLived, let shortLivedEnd, pipe.openedAt >= shortLivedEnd {
                reconnection.failed(error.at(.dialing))
            } else {
                reconnection.lost()
            }
            shortLivedEnd = isShortLived ? loop.now : nil
            guarding?.connectionLost()
        }
        pipes.first(where: \.isUsable)?.endOrphans()
        reconnectionChanged()
    }

    /// Something else may be known of the server than before.
    func reconnectionChanged() {
        if isClosed { return }
        dialIfWanted()
        if let failure = failureOfWaiting { failWaiters(failure) }
    }

    // MARK: Connecting

    func dialIfWanted() {
        guard !isClosed, dialing == nil, pipes.count < policy.maximum else { return }
        let usable = pipes.filter(\.isUsable).map { PoolPolicy.Load(depth: $0.depth, backlog: $0.backlog) }
        guard isReplacing || policy.wantsConnection(open: usable, dialing: 0, waiting: waiters.count) else { return }
        switch reconnection.begin() {
        case .attempt: dialing = Task(executorPreference: loop) { await self.dialOnce() }
        case .inProgress: break
        case .wait(let deadline):
            guard attemptTimer == nil else { return }
            attemptTimer = loop.schedule(at: deadline) { [unowned self] in
                assumeIsolated {
                    $0.attemptTimer = nil
                    $0.dialIfWanted()
                }
            }
        }
    }

    func dialOnce() async {
        counters.dials.add()
        nextPipe += 1
        let result = await dial(nextPipe, until: loop.now + options.timeouts.dial)
        dialing = nil
        switch result {
        case .success(let pipe) where isClosed:
            reconnection.abandoned()
            pipe.end(ErrorHandler.clientClosed)
        case .success(let pipe): connected(pipe)
        case .failure where isClosed: reconnection.abandoned()
        case .failure(let error): dialFailed(error)
        }
    }

    /// Refused credentials are not tried more than twice a minute.
    private static let pauseAfterRefusedCredentials: Duration = .seconds(30)

    func dialFailed(_ error: RedisError) {
        counters.dialFailures.add()
        reconnection.failed(error, pause: error.kind == .authentication ? Self.pauseAfterRefusedCredentials : .zero)
        guarding?.connectionFailed()
        reconnectionChanged()
    }

    func connected(_ pipe: RedisPipe) {
        // A pipe that ended in the moment between its set-up and now is not there to report it.
        guard pipe.isUsable else {
            return dialFailed(
                RedisError(.connection, phase: .handshake, retry: .ifRepeatable, "the connection did not last"))
        }
        pipe.endOrphans()
        let old = isReplacing ? pipes.filter(isTooOld) : []
        isReplacing = false
        pipes.append(pipe)
        for pipe in old { pipe.drain() }
        countPipes()
        // Who hears of it may ask at once whether there is a connection: kept writes would else wait for the next change.
        reconnection.succeeded()
        serveWaiters()
        guarding?.connected()
        dialIfWanted()
    }

    // MARK: Keeping

    /// Gives up all connections because their server takes no writes any more: the name may lead to another one now.
    /// False when that has just been tried, so that a server which stays a replica is not dialed for every write.
    func renewPipes(insteadOf id: Int) -> Bool {
        guard pipes.contains(where: { $0.id == id && $0.isUsable }) else { return true }
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
