internal import CisternBytes
internal import CisternRESP
internal import CisternResilience
internal import CisternSockets
internal import Logging

/// One event loop's share of a client's connections, and what they are used for. Pinned to that loop.
actor RedisShard {
    private struct Waiter {
        let give: UnsafeContinuation<Outcome<Int>, Never>
        let timer: TimerID
    }

    private struct Pause {
        let end: UnsafeContinuation<Void, Never>
        let timer: TimerID
    }

    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    nonisolated let options: RedisConnectionOptions
    nonisolated let counters = RedisCounters()
    let tls: TLSClient?
    let gate: AuthenticationGate
    private let logger: Logger?
    private let policy: PoolPolicy
    private let backoff: Backoff

    private var pipes: [RedisPipe] = []
    private var nextPipe = 0
    /// Callers that wait for a connection, and callers that wait for their next attempt.
    private var waiters = WaitingLine<Waiter>()
    private var pauses = WaitingLine<Pause>()
    private var nextNumber = 0

    private(set) var isClosed = false
    private var dialing: Task<Void, Never>?
    /// The connection that is being made, so that closing need not wait for it.
    var dialedPipe: RedisPipe?
    private var hasConnected = false
    /// Failed attempts in a row, and what the last one died of.
    private var failures = 0
    private var lastFailure: RedisError?
    /// The connection that was lost last had stood for less than the shortest backoff.
    private var lastWasShortLived = false
    private var nextAttempt = MonotonicTime(nanoseconds: .min)
    private var attemptTimer: TimerID?
    private var checkTimer: TimerID?
    /// All connections are too old; the next one replaces them.
    private var isReplacing = false
    /// When connections were last given up because their server had become a replica.
    private var renewedAt = MonotonicTime(nanoseconds: .min)

    init(
        loop: EventLoop, options: RedisConnectionOptions, tls: TLSClient?, policy: PoolPolicy, gate: AuthenticationGate,
        logger: Logger?
    ) {
        self.loop = loop
        self.options = options
        self.tls = tls
        self.policy = policy
        self.gate = gate
        self.logger = logger
        backoff = Backoff(minimum: options.retryBackoff.lowerBound, maximum: options.retryBackoff.upperBound)
    }

    /// Starts to connect, in the background.
    func start() {
        scheduleCheck()
        dialIfWanted()
    }

    // MARK: Operations

    /// Carries out one operation: finds a connection, sends, and tries again where the rules allow it, all before
    /// `deadline`. `isRepeatable`: executing the command twice does no more than executing it once.
    func perform<Replies: Sendable>(
        until deadline: MonotonicTime, isRepeatable: Bool,
        _ exchange: (RedisPipe) async -> Outcome<Replies>
    ) async throws(RedisError) -> Replies {
        counters.commands.add()
        var retry = RetryState(isRepeatable: isRepeatable)
        // Once an attempt may have been executed, no failure of a later one makes that undone.
        var isOutcomeUnknown = false
        while true {
            let error: RedisError
            var mayRetry = true
            switch await pipe(until: deadline) {
            case .failure(let failure): error = failure
            case .success(let pipe):
                switch await exchange(pipe) {
                case .success(let replies): return replies
                case .failure(let failure): error = failure
                }
                // Replaced between being chosen and being used: no failure, and nothing to count.
                if error == ErrorHandler.retired { continue }
                if error.retry == .onceOnNewConnection { mayRetry = renewPipes(insteadOf: pipe) }
            }
            isOutcomeUnknown = isOutcomeUnknown || error.isOutcomeUnknown
            let pause = retry.pause(
                after: error, maximum: options.maximumRetries, backoff: backoff, left: deadline.since(.now))
            guard let pause, mayRetry, !isClosed, !Task.isCancelled else {
                if error.kind == .timeout { counters.timeouts.add() }
                throw isOutcomeUnknown && !error.isOutcomeUnknown ? error.withUnknownOutcome() : error
            }
            counters.retries.add()
            if pause > .zero { await self.pause(pause) }
        }
    }

    /// A connection that takes a command: at once where there is one, else when the attempt in progress has ended.
    private func pipe(until deadline: MonotonicTime) async -> Outcome<RedisPipe> {
        if let pipe = usablePipe() { return .success(pipe) }
        let poolDeadline = loop.now + options.timeouts.pool
        while true {
            if isClosed { return .failure(ErrorHandler.clientClosed) }
            if let failure = failureOfWaiting { return .failure(failure) }
            switch await waitForPipe(until: min(deadline, poolDeadline)) {
            case .success(let id):
                if let pipe = pipes.first(where: { $0.id == id }), pipe.isUsable { return .success(pipe) }
                // It ended before this task ran.
                if let pipe = usablePipe() { return .success(pipe) }
            case .failure(let error) where error.kind == .timeout && error.phase == .queued && poolDeadline < deadline:
                counters.poolTimeouts.add()
                return .failure(ErrorHandler.poolTimeout)
            case .failure(let error): return .failure(error)
            }
        }
    }

    /// Why waiting for a connection is in vain: there is none, and none is being made before the backoff is over.
    private var failureOfWaiting: RedisError? {
        dialing == nil && !pipes.contains(where: \.isUsable) ? lastFailure : nil
    }

    private func usablePipe() -> RedisPipe? {
        var shallowest: RedisPipe?
        for pipe in pipes where pipe.isUsable {
            if pipe.depth < PoolPolicy.comfortableDepth, pipe.backlog < PoolPolicy.maximumBacklog { return pipe }
            if pipe.depth < shallowest?.depth ?? .max { shallowest = pipe }
        }
        dialIfWanted()
        guard let shallowest, PoolPolicy.Load(depth: shallowest.depth, backlog: shallowest.backlog).hasRoom else {
            return nil
        }
        return shallowest
    }

    // MARK: Waiting

    private func waitForPipe(until deadline: MonotonicTime) async -> Outcome<Int> {
        nextNumber += 1
        let number = nextNumber
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                // The world may have changed on the way here: what was looked at before is looked at again.
                if Task.isCancelled { return continuation.resume(returning: .failure(ErrorHandler.cancelled(.queued))) }
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
        } onCancel: {
            loop.submit { self.assumeIsolated { $0.dropWaiter(number, ErrorHandler.cancelled(.queued)) } }
        }
    }

    private func dropWaiter(_ number: Int, _ error: RedisError) {
        waiters.remove(number).map { finish($0, .failure(error)) }
        counters.waiting.set(waiters.count)
    }

    private func finish(_ waiter: Waiter, _ outcome: Outcome<Int>) {
        loop.cancel(waiter.timer)
        waiter.give.resume(returning: outcome)
    }

    private func serveWaiters() {
        // Each waiter's command deepens the pipe only when its task runs, so they are counted here.
        var given = 0
        while !waiters.isEmpty, let pipe = usablePipe(), pipe.depth + given < PoolPolicy.maximumDepth {
            if let waiter = waiters.popFirst() { finish(waiter, .success(pipe.id)) }
            given += 1
        }
        counters.waiting.set(waiters.count)
    }

    private func failWaiters(_ error: RedisError) {
        for waiter in waiters.removeAll() { finish(waiter, .failure(error)) }
        counters.waiting.set(0)
    }

    /// Waits before another attempt; ends early when the caller is cancelled or the client is closed.
    private func pause(_ duration: Duration) async {
        nextNumber += 1
        let number = nextNumber
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if Task.isCancelled || isClosed { return continuation.resume() }
                let timer = loop.schedule(at: loop.now + duration) { [unowned self] in
                    assumeIsolated { $0.endPause(number) }
                }
                pauses.append(Pause(end: continuation, timer: timer), number: number)
            }
        } onCancel: {
            loop.submit { self.assumeIsolated { $0.endPause(number) } }
        }
    }

    private func endPause(_ number: Int) {
        pauses.remove(number).map(finish)
    }

    private func finish(_ pause: Pause) {
        loop.cancel(pause.timer)
        pause.end.resume()
    }

    /// Lets go whoever waits for a command; from any thread.
    nonisolated func cancelCommand(_ number: Int, ofPipe id: Int) {
        loop.submit {
            self.assumeIsolated { shard in shard.pipes.first { $0.id == id }?.cancel(number) }
        }
    }

    // MARK: What pipes report, on the loop

    nonisolated func pipeMadeRoom() {
        assumeIsolated { if !$0.waiters.isEmpty { $0.serveWaiters() } }
    }

    nonisolated func pipeEnded(_ id: Int, _ error: RedisError) {
        assumeIsolated { $0.lost(id, error) }
    }

    private func lost(_ id: Int, _ error: RedisError) {
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
        dialing = Task { await dialOnce() }
    }

    private func dialOnce() async {
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

    private func dialFailed(_ error: RedisError) {
        counters.dialFailures.add()
        noteFailure(error)
        if let failure = failureOfWaiting { failWaiters(failure) }
    }

    private func connected(_ pipe: RedisPipe) {
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

    private func noteFailure(_ error: RedisError) {
        failures += 1
        lastFailure = error
        counters.lastFailure.set(RedisError.Kind.allCases.firstIndex(of: error.kind) ?? -1)
        if failures == 1 {
            logger?.warning("cannot connect to Redis", metadata: ["reason": "\(error)", "address": "\(options.address)"])
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
    private func renewPipes(insteadOf pipe: RedisPipe) -> Bool {
        if !pipe.isUsable { return true }
        guard renewedAt + options.retryBackoff.lowerBound <= loop.now else { return false }
        renewedAt = loop.now
        for pipe in pipes { pipe.drain() }
        countPipes()
        dialIfWanted()
        return true
    }

    private func scheduleCheck() {
        guard options.pool.idleCheckFrequency > .zero, !isClosed else { return }
        checkTimer = loop.schedule(at: loop.now + options.pool.idleCheckFrequency) { [unowned self] in
            assumeIsolated {
                $0.closeIdle()
                $0.replaceOld()
                $0.scheduleCheck()
            }
        }
    }

    private func closeIdle() {
        let limit = options.pool.idleTimeout
        guard limit > .zero else { return }
        // The last ones are looked at first: the first ones carry the traffic.
        for pipe in pipes.reversed()
        where pipes.count > policy.kept && pipe.isIdle && pipe.lastUsed + limit <= loop.now {
            pipe.drain()
        }
    }

    private func replaceOld() {
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

    private func isTooOld(_ pipe: RedisPipe) -> Bool {
        let limit = options.pool.maximumAge
        return limit > .zero && pipe.isUsable && pipe.openedAt + limit <= loop.now
    }

    private func countPipes() {
        counters.open.set(pipes.count)
        counters.usable.set(pipes.count(where: \.isUsable))
    }

    /// Closes every connection, the one being made as well; operations in progress end with `cancelled`. Doing it twice
    /// is fine.
    func close() async {
        if !isClosed {
            isClosed = true
            for timer in [attemptTimer, checkTimer] { if let timer { loop.cancel(timer) } }
            attemptTimer = nil
            checkTimer = nil
            failWaiters(ErrorHandler.clientClosed)
            for pause in pauses.removeAll() { finish(pause) }
            for pipe in pipes { pipe.end(ErrorHandler.clientClosed) }
            dialing?.cancel()
            dialedPipe?.end(ErrorHandler.clientClosed)
        }
        await dialing?.value
    }
}
