internal import CisternBytes
internal import CisternResilience
internal import CisternSockets

/// Callers that wait, for a connection or for their next attempt.
///
/// What belongs together happens in the body of a continuation, which nothing interrupts.
extension RedisShard {
    /// Why waiting for a connection is in vain: there is none, and none is being made before the backoff is over.
    var failureOfWaiting: RedisError? {
        guard dialing == nil, !pipes.contains(where: \.isUsable) else { return nil }
        return reconnection.errorOfWaiting as? RedisError
    }

    func usablePipe() -> RedisPipe? {
        if let pipe = connections.value.comfortable { return pipe }
        dialIfWanted()
        let shallowest = pipes.filter(\.isUsable).min { $0.depth < $1.depth }
        guard let shallowest, PoolPolicy.Load(depth: shallowest.depth, backlog: shallowest.backlog).hasRoom else {
            return nil
        }
        return shallowest
    }

    func waitForPipe(until deadline: MonotonicTime, _ limit: OperationLimit) async -> Result<Int, RedisError> {
        let number = number(of: limit)
        return await withUnsafeContinuation { continuation in
            // The world may have changed on the way here: what was looked at before is looked at again.
            if limit.isCancelled { return continuation.resume(returning: .failure(ErrorHandler.cancelled(.queued))) }
            if isClosed { return continuation.resume(returning: .failure(ErrorHandler.clientClosed)) }
            if let pipe = usablePipe() { return continuation.resume(returning: .success(pipe.id)) }
            if let error = failureOfWaiting { return continuation.resume(returning: .failure(error)) }
            let timer = loop.schedule(at: deadline) { [unowned self] in
                assumeIsolated { $0.dropWaiter(number, ErrorHandler.deadlinePassed(.queued)) }
            }
            waiters.append(Waiter(give: continuation, timer: timer), number: number)
            counters.waiting.set(waiters.count)
            dialIfWanted()
        }
    }

    func dropWaiter(_ number: Int, _ error: RedisError) {
        waiters.remove(number).map { finish($0, .failure(error)) }
        counters.waiting.set(waiters.count)
    }

    func finish(_ waiter: Waiter, _ outcome: Result<Int, RedisError>) {
        loop.cancel(waiter.timer)
        waiter.give.resume(returning: outcome)
    }

    func serveWaiters() {
        // Each waiter's command deepens the pipe only when its task runs, so they are counted here.
        var given = 0
        while !waiters.isEmpty, let pipe = usablePipe(), pipe.depth + given < PoolPolicy.maximumDepth {
            if let waiter = waiters.popFirst() { finish(waiter, .success(pipe.id)) }
            given += 1
        }
        counters.waiting.set(waiters.count)
    }

    func failWaiters(_ error: RedisError) {
        for waiter in waiters.removeAll() { finish(waiter, .failure(error)) }
        counters.waiting.set(0)
    }

    /// Waits before another attempt; ends early when the operation is cancelled or the client is closed.
    func pause(_ duration: Duration, _ limit: OperationLimit) async {
        let number = number(of: limit)
        await withUnsafeContinuation { continuation in
            if limit.isCancelled || isClosed { return continuation.resume() }
            let timer = loop.schedule(at: loop.now + duration) { [unowned self] in
                assumeIsolated { $0.endPause(number) }
            }
            pauses.append(Pause(end: continuation, timer: timer), number: number)
        }
    }

    func endPause(_ number: Int) {
        pauses.remove(number).map(finish)
    }

    func finish(_ pause: Pause) {
        loop.cancel(pause.timer)
        pause.end.resume()
    }
}
