internal import CisternBytes
internal import CisternRESP
internal import CisternResilience
internal import CisternSockets

/// One event loop's share of a client's connections, and what they are used for. Pinned to that loop.
actor RedisShard {
    struct Waiter {
        let give: UnsafeContinuation<Result<Int, RedisError>, Never>
        let timer: TimerID
    }

    struct Pause {
        let end: UnsafeContinuation<Void, Never>
        let timer: TimerID
    }

    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    nonisolated let options: RedisConnectionOptions
    nonisolated let counters = RedisCounters()
    nonisolated let orphans: OrphanedConnections
    let tls: TLSClient?
    let reconnection: ReconnectionManager
    let guarding: RedisGuard?
    private nonisolated let memoryAlarm: MemoryAlarm
    let policy: PoolPolicy
    let backoff: Backoff

    nonisolated let connections: LoopBound<RedisPipes>
    var pipes: [RedisPipe] {
        get { connections.value.all }
        set { connections.value.all = newValue }
    }
    var nextPipe = 0
    /// Callers that wait for a connection, and callers that wait for their next attempt.
    var waiters = WaitingLine<Waiter>()
    var pauses = WaitingLine<Pause>()
    /// Names for what nobody cancels, below those of the operations that can be.
    private var lastNumber = 0

    private(set) var isClosed = false
    var dialing: Task<Void, Never>?
    /// The connection that is being made, so that closing need not wait for it.
    var dialedPipe: RedisPipe?
    /// When the connection was lost that was lost last, if it had stood for less than the shortest backoff.
    var shortLivedEnd: MonotonicTime?
    var attemptTimer: TimerID?
    var checkTimer: TimerID?
    /// All connections are too old; the next one replaces them.
    var isReplacing = false
    /// When connections were last given up because their server had become a replica.
    var renewedAt = MonotonicTime(nanoseconds: .min)

    init(
        loop: EventLoop, options: RedisConnectionOptions, tls: TLSClient?, policy: PoolPolicy,
        reconnection: ReconnectionManager, orphans: OrphanedConnections, guarding: RedisGuard?,
        memoryAlarm: MemoryAlarm
    ) {
        self.loop = loop
        connections = LoopBound(RedisPipes(), to: loop)
        self.options = options
        self.tls = tls
        self.policy = policy
        self.reconnection = reconnection
        self.orphans = orphans
        self.guarding = guarding
        self.memoryAlarm = memoryAlarm
        backoff = options.backoff
    }

    /// Starts to connect, in the background.
    func start() {
        scheduleCheck()
        dialIfWanted()
    }

    // MARK: Operations

    /// By which a wait of an operation is found.
    func number(of limit: OperationLimit) -> Int {
        if limit.number != 0 { return limit.number }
        lastNumber -= 1
        return lastNumber
    }

    /// What an operation is to the breakers.
    enum Purpose {
        case read
        case write
        /// It is made by those who watch: nobody refuses it, and it is tried once.
        case probe
    }

    /// Carries out one operation: asks the breakers, finds a connection, sends, and tries again where the rules allow it, all
    /// within `limit`. It counts once in the breakers, however many attempts it took.
    ///
    /// The operation is the sending of one command, or of several in one write. Where a connection is ready, as nearly always, it
    /// leaves at once, without a step of this actor, if who asks is on its loop.
    ///
    /// - Parameters:
    ///   - isRepeatable: Executing the commands twice does no more than executing them once.
    ///   - takesErrors: An error reply is a reply, and not what the operation fails with.
    nonisolated func send(
        _ purpose: Purpose, _ limit: OperationLimit, isRepeatable: Bool, count: Int = 1, takesErrors: Bool = false,
        _ encode: @Sendable (inout OutputQueue) -> Void
    ) async throws(RedisError) -> Replies {
        guard loop.isCurrent else {
            return try await perform(purpose, limit, isRepeatable: isRepeatable) {
                await $0.exchange(limit, count: count, isWrite: purpose == .write, encode).failing(
                    onError: !takesErrors)
            }
        }
        let permit = try admit(purpose)
        // Nil where nothing was sent.
        var pipe: Int?
        let outcome = await suspend { (waiter: PendingCommand.Waiter) in
            guard let ready = connections.value.comfortable else {
                return waiter.resume(returning: .failure(ErrorHandler.retired))
            }
            pipe = ready.id
            ready.send(limit, count: count, isWrite: purpose == .write, encode, for: waiter)
        }
        var failed: FailedAttempt?
        switch outcome.failing(onError: !takesErrors) {
        case .success(let replies):
            succeeded(permit)
            return replies
        case .failure(let error): failed = pipe.map { FailedAttempt(error: error, pipe: $0) }
        }
        let last = await persist(purpose, limit, isRepeatable: isRepeatable, after: failed) {
            await $0.exchange(limit, count: count, isWrite: purpose == .write, encode).failing(onError: !takesErrors)
        }
        return try finish(last, permit)
    }

    /// The same where the operation is more than that, or asked for elsewhere.
    func perform(
        _ purpose: Purpose, _ limit: OperationLimit, isRepeatable: Bool, _ exchange: (RedisPipe) async -> Outcome
    ) async throws(RedisError) -> Replies {
        let permit = try admit(purpose)
        return try finish(await persist(purpose, limit, isRepeatable: isRepeatable, after: nil, exchange), permit)
    }

    private nonisolated func admit(_ purpose: Purpose) throws(RedisError) -> RedisGuard.Permit? {
        var permit: RedisGuard.Permit?
        if let guarding, purpose != .probe {
            permit = guarding.admit(purpose, loop.now)
            if permit == nil { throw ErrorHandler.circuitOpen }
        }
        counters.commands.add()
        return permit
    }

    private nonisolated func succeeded(_ permit: RedisGuard.Permit?) {
        counters.lastReply.set(Int(loop.now.nanoseconds))
        if let permit { guarding?.finish(permit, .success, loop.now) }
    }

    private nonisolated func finish(_ outcome: Outcome, _ permit: RedisGuard.Permit?) throws(RedisError) -> Replies {
        switch outcome {
        case .success(let replies):
            succeeded(permit)
            return replies
        case .failure(let error):
            note(error)
            if let permit { guarding?.finish(permit, error.breakerEffect, loop.now) }
            throw error
        }
    }

    private nonisolated func note(_ error: RedisError) {
        switch error.kind {
        case .timeout: counters.timeouts.add()
        case .outOfMemory:
            counters.outOfMemory.add()
            memoryAlarm.ring(loop.now)
        default: break
        }
    }

    private struct FailedAttempt {
        let error: RedisError
        /// The connection's number; nil when there was none to be had.
        let pipe: Int?
    }

    /// Makes attempts until one succeeds or the rules allow no more. `failed`: the one that was made already, if one was.
    private func persist(
        _ purpose: Purpose, _ limit: OperationLimit, isRepeatable: Bool, after failed: FailedAttempt?,
        _ exchange: (RedisPipe) async -> Outcome
    ) async -> Outcome {
        var failed = failed
        var retry = RetryState(isRepeatable: isRepeatable)
        // Once an attempt may have been executed, no failure of a later one makes that undone.
        var isOutcomeUnknown = false
        var unanswered: [UnansweredCommand] = []
        while true {
            // Of a connection that was replaced between being chosen and being used, there is nothing to count.
            if let failed, failed.error != ErrorHandler.retired {
                let error = failed.error
                isOutcomeUnknown = isOutcomeUnknown || error.isOutcomeUnknown
                unanswered += error.unanswered
                var mayRetry = !isClosed && !Task.isCancelled
                if error.retry == .onceOnNewConnection, let pipe = failed.pipe, !renewPipes(insteadOf: pipe) {
                    mayRetry = false
                }
                let maximum = purpose == .probe ? 0 : options.maximumRetries
                let left = limit.deadline.since(.now)
                guard let pause = retry.pause(after: error, maximum: maximum, backoff: backoff, left: left), mayRetry
                else { return .failure(isOutcomeUnknown ? error.withUnknownOutcome(unanswered) : error) }
                counters.retries.add()
                if pause > .zero { await self.pause(pause, limit) }
            }
            switch await pipe(limit) {
            case .failure(let error): failed = FailedAttempt(error: error, pipe: nil)
            case .success(let pipe):
                switch await exchange(pipe) {
                case .success(let replies): return .success(replies)
                case .failure(let error): failed = FailedAttempt(error: error, pipe: pipe.id)
                }
            }
        }
    }

    /// A connection that takes a command: at once where there is one, else when the attempt in progress has ended.
    private func pipe(_ limit: OperationLimit) async -> Result<RedisPipe, RedisError> {
        if let pipe = usablePipe() { return .success(pipe) }
        let poolDeadline = loop.now + options.timeouts.pool
        while true {
            if isClosed { return .failure(ErrorHandler.clientClosed) }
            if let failure = failureOfWaiting { return .failure(failure) }
            switch await waitForPipe(until: min(limit.deadline, poolDeadline), limit) {
            case .success(let id):
                if let pipe = pipes.first(where: { $0.id == id }), pipe.isUsable { return .success(pipe) }
                // It ended before this task ran.
                if let pipe = usablePipe() { return .success(pipe) }
            case .failure(let error)
            where error.kind == .timeout && error.phase == .queued && poolDeadline < limit.deadline:
                counters.poolTimeouts.add()
                return .failure(ErrorHandler.poolTimeout)
            case .failure(let error): return .failure(error)
            }
        }
    }

    /// Ends an operation, wherever it waits, by its number.
    func cancel(_ number: Int) {
        dropWaiter(number, ErrorHandler.cancelled(.queued))
        endPause(number)
        for pipe in pipes { pipe.cancel(number) }
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
