internal import CisternBytes
internal import CisternRESP
internal import CisternResilience
internal import CisternSockets
internal import DequeModule
internal import Logging

/// One event loop's share of a client's connections, and what they are used for. Pinned to that loop.
actor RedisShard {
    /// A caller that waits for a connection.
    private struct Waiter {
        let number: Int
        let give: UnsafeContinuation<Outcome<Int>, Never>
    }

    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    nonisolated let options: RedisConnectionOptions
    nonisolated let counters = RedisCounters()
    let tls: TLSClient?
    let gate: AuthenticationGate
    let logger: Logger?
    private let policy: PoolPolicy
    private let backoff: Backoff

    private var pipes: [RedisPipe] = []
    private var waiters = Deque<Waiter>()
    private var nextWaiter = 0
    private var nextPipe = 0
    private var isDialing = false
    private var isClosed = false
    /// Failed attempts in a row, and what the last one died of.
    private var failures = 0
    private var lastFailure: RedisError?
    private var nextAttempt = MonotonicTime(nanoseconds: .min)
    private var attemptTimer: TimerID?
    private var checkTimer: TimerID?
    /// The pipe that is to be retired when its successor stands.
    private var retiring: Int?

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
        while true {
            let error: RedisError
            switch await pipe(until: deadline) {
            case .failure(let failure): error = failure
            case .success(let pipe):
                switch await exchange(pipe) {
                case .success(let replies): return replies
                case .failure(let failure): error = failure
                }
                if error.retry == .onceOnNewConnection { pipe.drain() }
            }
            let pause = retry.pause(
                after: error, maximum: options.maximumRetries, backoff: backoff, left: deadline.since(.now))
            guard let pause, !isClosed, !Task.isCancelled else {
                if error.kind == .timeout { counters.timeouts.add() }
                throw error
            }
            counters.retries.add()
            if pause > .zero { await loop.sleep(until: loop.now + pause) }
        }
    }

    /// A connection that takes a command: at once where there is one, else when the attempt in progress has ended.
    private func pipe(until deadline: MonotonicTime) async -> Outcome<RedisPipe> {
        if let pipe = usablePipe() { return .success(pipe) }
        if isClosed { return .failure(ErrorHandler.clientClosed) }
        dialIfWanted()
        if !isDialing, let lastFailure, pipes.isEmpty { return .failure(lastFailure) }

        let poolDeadline = loop.now + options.timeouts.pool
        switch await waitForPipe(until: min(deadline, poolDeadline)) {
        case .success(let id):
            guard let pipe = pipes.first(where: { $0.id == id }) else {
                return .failure(lastFailure ?? ErrorHandler.deadlinePassed(.queued))
            }
            return .success(pipe)
        case .failure(let error) where error.kind == .timeout && poolDeadline <= deadline:
            counters.poolTimeouts.add()
            return .failure(
                RedisError(.pool, phase: .queued, retry: .never, "no connection became free within the pool timeout"))
        case .failure(let error): return .failure(error)
        }
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

    private func waitForPipe(until deadline: MonotonicTime) async -> Outcome<Int> {
        if Task.isCancelled { return .failure(ErrorHandler.cancelled(.queued)) }
        nextWaiter += 1
        let number = nextWaiter
        let timer = loop.schedule(at: deadline) { [unowned self] in
            assumeIsolated { $0.dropWaiter(number, ErrorHandler.deadlinePassed(.queued)) }
        }
        defer { loop.cancel(timer) }
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                waiters.append(Waiter(number: number, give: continuation))
                counters.waiting.set(waiters.count)
            }
        } onCancel: {
            loop.submit { self.assumeIsolated { $0.dropWaiter(number, ErrorHandler.cancelled(.queued)) } }
        }
    }

    private func dropWaiter(_ number: Int, _ error: RedisError) {
        guard let index = waiters.firstIndex(where: { $0.number == number }) else { return }
        waiters.remove(at: index).give.resume(returning: .failure(error))
        counters.waiting.set(waiters.count)
    }

    private func serveWaiters() {
        // Each waiter's command deepens the pipe only when its task runs, so they are counted here.
        var given = 0
        while !waiters.isEmpty, let pipe = usablePipe(), pipe.depth + given < PoolPolicy.maximumDepth {
            waiters.removeFirst().give.resume(returning: .success(pipe.id))
            given += 1
        }
        counters.waiting.set(waiters.count)
    }

    private func failWaiters(_ error: RedisError) {
        let failed = waiters
        waiters.removeAll()
        counters.waiting.set(0)
        for waiter in failed { waiter.give.resume(returning: .failure(error)) }
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
        guard !isClosed, !pipe.isDraining else { return dialIfWanted() }
        counters.connectionsLost.add()
        logger?.warning("lost a connection to Redis", metadata: ["reason": "\(error)"])
        // The first attempt after a loss is at once, unless connections do not last as long as the shortest backoff.
        if pipe.openedAt + options.retryBackoff.lowerBound > loop.now { noteFailure(error) }
        dialIfWanted()
    }

    // MARK: Connecting

    private func dialIfWanted() {
        guard !isClosed, !isDialing, loop.now >= nextAttempt else { return }
        let usable = pipes.filter(\.isUsable).map { PoolPolicy.Load(depth: $0.depth, backlog: $0.backlog) }
        let replaces = retiring != nil && pipes.count < policy.maximum
        guard replaces || policy.wantsConnection(open: usable, dialing: 0, waiting: waiters.count) else { return }
        isDialing = true
        Task { await dialOnce() }
    }

    private func dialOnce() async {
        counters.dials.add()
        nextPipe += 1
        let result = await dial(nextPipe, until: loop.now + options.timeouts.dial)
        isDialing = false
        switch result {
        case .success(let pipe) where isClosed: pipe.end(ErrorHandler.clientClosed)
        case .success(let pipe):
            if failures > 0 { logger?.notice("connected to Redis again", metadata: ["after_attempts": "\(failures)"]) }
            failures = 0
            lastFailure = nil
            pipes.append(pipe)
            if let retiring, let old = pipes.first(where: { $0.id == retiring }) { old.drain() }
            retiring = nil
            countPipes()
            serveWaiters()
            dialIfWanted()
        case .failure(let error):
            guard !isClosed else { return failWaiters(ErrorHandler.clientClosed) }
            counters.dialFailures.add()
            noteFailure(error)
            if !pipes.contains(where: \.isUsable) { failWaiters(error) }
        }
    }

    private func noteFailure(_ error: RedisError) {
        failures += 1
        lastFailure = error
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

    private func scheduleCheck() {
        guard options.pool.idleCheckFrequency > .zero, !isClosed else { return }
        checkTimer = loop.schedule(at: loop.now + options.pool.idleCheckFrequency) { [unowned self] in
            assumeIsolated {
                $0.checkPipes()
                $0.scheduleCheck()
            }
        }
    }

    private func checkPipes() {
        let pool = options.pool
        if pool.idleTimeout > .zero {
            // The last ones are looked at first: the first ones carry the traffic.
            for pipe in pipes.reversed()
            where pipes.count > policy.kept && pipe.isIdle && pipe.lastUsed + pool.idleTimeout <= loop.now {
                pipe.drain()
            }
        }
        if pool.maximumAge > .zero, let old = pipes.first(where: { $0.openedAt + pool.maximumAge <= loop.now }) {
            if pipes.count < policy.maximum {
                retiring = old.id
                dialIfWanted()
            } else {
                old.drain()
            }
        }
        countPipes()
    }

    private func countPipes() {
        counters.open.set(pipes.count)
        counters.idle.set(pipes.count { $0.isIdle })
    }

    /// Closes every connection; operations in progress end with `cancelled`. Doing it twice is fine.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        for timer in [attemptTimer, checkTimer] { if let timer { loop.cancel(timer) } }
        attemptTimer = nil
        checkTimer = nil
        failWaiters(ErrorHandler.clientClosed)
        for pipe in pipes { pipe.end(ErrorHandler.clientClosed) }
    }
}
