internal import CisternBytes
internal import CisternRESP
internal import CisternResilience
internal import CisternSockets

/// One event loop's share of a client's connections, and what they are used for. Pinned to that loop.
actor RedisShard {
    struct Waiter {
        let give: UnsafeContinuation<Outcome<Int>, Never>
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
    let policy: PoolPolicy
    let backoff: Backoff

    var pipes: [RedisPipe] = []
    var nextPipe = 0
    /// Callers that wait for a connection, and callers that wait for their next attempt.
    var waiters = WaitingLine<Waiter>()
    var pauses = WaitingLine<Pause>()
    var nextNumber = 0

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
        reconnection: ReconnectionManager, orphans: OrphanedConnections, guarding: RedisGuard?
    ) {
        self.loop = loop
        self.options = options
        self.tls = tls
        self.policy = policy
        self.reconnection = reconnection
        self.orphans = orphans
        self.guarding = guarding
        backoff = options.backoff
    }

    /// Starts to connect, in the background.
    func start() {
        scheduleCheck()
        dialIfWanted()
    }

    // MARK: Operations

    /// What an operation is to the breakers.
    enum Purpose {
        case read
        case write
        /// It is made by those who watch: nobody refuses it, and it is tried once.
        case probe
    }

    /// Carries out one operation: asks the breakers, finds a connection, sends, and tries again where the rules allow it, all
    /// before `deadline`. It counts once in the breakers, however many attempts it took.
    ///
    /// - Parameter isRepeatable: Executing the command twice does no more than executing it once.
    func perform<Replies: Sendable>(
        _ purpose: Purpose, until deadline: MonotonicTime, isRepeatable: Bool,
        _ exchange: (RedisPipe) async -> Outcome<Replies>
    ) async throws(RedisError) -> Replies {
        guard let guarding, purpose != .probe else {
            return try await attempts(purpose, until: deadline, isRepeatable: isRepeatable, exchange)
        }
        guard let permit = guarding.admit(purpose, loop.now) else { throw ErrorHandler.circuitOpen }
        do throws(RedisError) {
            let replies = try await attempts(purpose, until: deadline, isRepeatable: isRepeatable, exchange)
            guarding.finish(permit, .success, loop.now)
            return replies
        } catch {
            guarding.finish(permit, error.breakerEffect, loop.now)
            throw error
        }
    }

    private func attempts<Replies: Sendable>(
        _ purpose: Purpose, until deadline: MonotonicTime, isRepeatable: Bool,
        _ exchange: (RedisPipe) async -> Outcome<Replies>
    ) async throws(RedisError) -> Replies {
        counters.commands.add()
        var retry = RetryState(isRepeatable: isRepeatable)
        // Once an attempt may have been executed, no failure of a later one makes that undone.
        var isOutcomeUnknown = false
        var unanswered: [UnansweredCommand] = []
        while true {
            let error: RedisError
            var mayRetry = true
            switch await pipe(until: deadline) {
            case .failure(let failure): error = failure
            case .success(let pipe):
                switch await exchange(pipe) {
                case .success(let replies):
                    counters.lastReply.set(Int(loop.now.nanoseconds))
                    return replies
                case .failure(let failure): error = failure
                }
                // Replaced between being chosen and being used: no failure, and nothing to count.
                if error == ErrorHandler.retired { continue }
                if error.retry == .onceOnNewConnection { mayRetry = renewPipes(insteadOf: pipe) }
            }
            isOutcomeUnknown = isOutcomeUnknown || error.isOutcomeUnknown
            unanswered += error.unanswered
            let maximum = purpose == .probe ? 0 : options.maximumRetries
            let pause = retry.pause(after: error, maximum: maximum, backoff: backoff, left: deadline.since(.now))
            guard let pause, mayRetry, !isClosed, !Task.isCancelled else {
                if error.kind == .timeout { counters.timeouts.add() }
                throw isOutcomeUnknown ? error.withUnknownOutcome(unanswered) : error
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
