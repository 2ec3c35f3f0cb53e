public import CisternBytes
public import CisternRESP
package import CisternResilience
internal import CisternSockets
internal import Logging
internal import Synchronization

/// A client of one Redis server: a pool of pipelined connections that reconnects by itself.
///
/// It is safe from any task and any executor, and cancel-safe: a call whose task is cancelled, or whose time is up,
/// returns at once, and the connection and everyone else on it go on. It owns its threads and needs no `run()`;
/// ``close()`` ends them.
///
/// Every operation has one deadline, by default ``RedisClient/defaultTimeout`` from its start. Waiting for a connection,
/// retries and their backoff all draw on it.
public final class RedisClient: Sendable {
    private let group: EventLoopGroup
    private let ownsGroup: Bool
    private let isClosed = Atomic(false)
    let shards: [RedisShard]
    let options: RedisConnectionOptions
    /// The first loop's clock and timers.
    package let scheduler: any Scheduler
    let reconnection: ReconnectionManager
    private let orphans: OrphanedConnections
    /// Nil for a client without breakers and checks in the background.
    let guarding: RedisGuard?

    /// How long an operation may take unless it is told otherwise: the sum of pool, write and read timeout.
    public let defaultTimeout: Duration

    /// A client on event loops that somebody else ends, or on one of its own.
    init(
        options: RedisConnectionOptions, guardedBy guardConfig: RedisGuardConfig? = nil, group: EventLoopGroup? = nil,
        logger: Logger?
    ) throws {
        let tls = try options.tls.map { try TLSClient($0, for: options) }
        let loops = try group ?? EventLoopGroup(count: 1)
        let scheduler = LoopScheduler(loop: loops.loops[0])
        let reconnection = ReconnectionManager(backoff: options.backoff, scheduler: scheduler)
        let guarding = guardConfig.map { RedisGuard($0, options: options, scheduler: scheduler) }
        let orphans = OrphanedConnections(logger: logger)
        self.group = loops
        self.options = options
        self.orphans = orphans
        self.scheduler = scheduler
        self.reconnection = reconnection
        self.guarding = guarding
        ownsGroup = group == nil
        let memoryAlarm = MemoryAlarm(logger, address: options.address)
        defaultTimeout = options.timeouts.pool + options.timeouts.write + options.timeouts.read
        shards = loops.loops.map { loop in
            RedisShard(
                loop: loop, options: options, tls: tls,
                policy: PoolPolicy(
                    poolSize: options.pool.size, minimumIdle: options.pool.minimumIdle, loop: loop.index,
                    of: loops.loops.count),
                reconnection: reconnection, orphans: orphans, guarding: guarding,
                memoryAlarm: memoryAlarm)
        }
        for shard in shards {
            reconnection.observe { [weak shard] _ in
                guard let shard else { return }
                shard.loop.submit { shard.assumeIsolated { $0.reconnectionChanged() } }
            }
        }
        if let logger { RedisLog(logger, address: options.address).watch(reconnection, guarding) }
    }

    /// Starts to connect in the background; operations wait for the first attempt.
    package func start() async {
        for shard in shards { await shard.start() }
        guarding?.start(shards)
    }

    deinit {
        guard !isClosed.load(ordering: .acquiring) else { return }
        // Without close() the connections are ended all the same; the loops stop when those are gone.
        let loops = ownsGroup ? group.loops : []
        let shards = shards
        let guarding = guarding
        let orphans = orphans
        Task {
            await guarding?.close()
            for shard in shards { await shard.close() }
            orphans.close()
            for loop in loops { loop.stop() }
        }
    }

    /// Ends all connections; operations in progress throw `cancelled`, and so does every later one. Twice is fine.
    public func close() async {
        await guarding?.close()
        for shard in shards { await shard.close() }
        orphans.close()
        if ownsGroup { await group.stop() }
        isClosed.store(true, ordering: .releasing)
    }

    /// A timeout that has passed before it began is one that no turn of the loop is too early for.
    private func deadline(_ timeout: Duration?) -> MonotonicTime {
        if let timeout, timeout <= .zero { return MonotonicTime(nanoseconds: .min) }
        return .now + (timeout ?? defaultTimeout)
    }

    var preferred: RedisShard { shards[group.preferredIndex()] }

    /// Carries out an operation on one of the loops, with that loop as the task's preferred executor: one hop there and
    /// one back. Without the preference, every reply would make a detour over the global pool.
    // In one frame with its caller: each frame of a task is allocated for each operation.
    @inline(__always)
    func onLoop<Answer: Sendable>(
        _ operation: (RedisShard) async throws(RedisError) -> Answer
    ) async throws(RedisError) -> Answer {
        let shard = preferred
        if shard.loop.isCurrent { return try await operation(shard) }
        return try await withTaskExecutorPreference(shard.loop) { () async throws(RedisError) -> Answer in
            try await operation(shard)
        }
    }

    /// Carries out an operation that ends with `cancelled` at once when its task is cancelled.
    package func cancellable<Answer: Sendable>(
        until deadline: MonotonicTime, _ operation: (OperationLimit) async throws(RedisError) -> Answer
    ) async throws(RedisError) -> Answer {
        try await OperationLimit.cancellable(until: deadline, on: shards, operation)
    }

    private func perform<Answer: Sendable>(
        _ timeout: Duration?, _ operation: (RedisShard, OperationLimit) async throws(RedisError) -> Answer
    ) async throws(RedisError) -> Answer {
        try await cancellable(until: deadline(timeout)) { limit throws(RedisError) in
            try await onLoop { shard throws(RedisError) in try await operation(shard, limit) }
        }
    }

    private func number(
        _ command: StaticString, _ key: Bytes, _ purpose: RedisShard.Purpose = .read, timeout: Duration?
    ) async throws(RedisError) -> Int64 {
        try await perform(timeout) { shard, limit throws(RedisError) in
            try await shard.number(command, key, purpose, limit)
        }
    }

    // MARK: Commands

    /// The value of `key`, or nil when there is none (GET).
    ///
    /// - Throws: `RedisError`; of kind `command` when the key holds another type.
    public func get(_ key: Bytes, timeout: Duration? = nil) async throws(RedisError) -> Bytes? {
        try await perform(timeout) { shard, limit throws(RedisError) in try await shard.get(key, limit) }
    }

    /// Writes `key` (SET).
    ///
    /// - Parameters:
    ///   - ttl: how long it lives, rounded up to whole milliseconds, at least one; nil for ever.
    ///   - keepTTL: keeps the time to live that the key has. Not together with `ttl`, which then wins.
    ///   - nx: writes only when the key is not there.
    ///   - timeout: how long the operation may take; nil for ``defaultTimeout``.
    /// - Returns: false when `nx` was asked for and the key is there.
    @discardableResult
    public func set(
        _ key: Bytes, _ value: Bytes, ttl: Duration? = nil, keepTTL: Bool = false, nx: Bool = false,
        timeout: Duration? = nil
    ) async throws(RedisError) -> Bool {
        try await perform(timeout) { shard, limit throws(RedisError) in
            try await shard.set(key, value, ttl: ttl, keepTTL: keepTTL && ttl == nil, onlyIfAbsent: nx, limit)
        }
    }

    /// Deletes `key`, of any type (DEL). Returns whether it was there.
    @discardableResult
    public func delete(_ key: Bytes, timeout: Duration? = nil) async throws(RedisError) -> Bool {
        try await number("DEL", key, .write, timeout: timeout) > 0
    }

    /// Whether `key` is there (EXISTS).
    public func exists(_ key: Bytes, timeout: Duration? = nil) async throws(RedisError) -> Bool {
        try await number("EXISTS", key, timeout: timeout) > 0
    }

    /// How long `key` lives (PTTL).
    public func ttl(of key: Bytes, timeout: Duration? = nil) async throws(RedisError) -> KeyTTL {
        KeyTTL(milliseconds: try await number("PTTL", key, timeout: timeout))
    }

    /// Asks the server for a sign of life (PING). Returns how long the answer took.
    @discardableResult
    public func ping(timeout: Duration? = nil) async throws(RedisError) -> Duration {
        let start = MonotonicTime.now
        _ = try await perform(timeout) { shard, limit throws(RedisError) in
            try await shard.command(.read, limit, isRepeatable: true) { output in
                output.appendRESPCommand(argumentCount: 1)
                output.appendRESPBulk("PING")
            }
        }
        return MonotonicTime.now.since(start)
    }

    /// One page of the keys (SCAN).
    ///
    /// - Parameters:
    ///   - cursor: `0` to begin, then what the page before gave.
    ///   - pattern: a glob that keys must match (MATCH); nil for all.
    ///   - count: about how many keys the server looks at (COUNT), at least 1.
    /// - Returns: a page with any number of keys. A key that is there throughout is on at least one page.
    public func scan(
        cursor: UInt64 = 0, matching pattern: Bytes? = nil, count: Int = 100, timeout: Duration? = nil
    ) async throws(RedisError) -> ScanPage {
        let reply = try await perform(timeout) { shard, limit throws(RedisError) in
            try await shard.command(.read, limit, isRepeatable: true) { output in
                output.appendScan(cursor, matching: pattern, count: max(1, count))
            }
        }
        guard let page = ScanPage(reply) else { throw ErrorHandler.unexpectedReply(to: "SCAN") }
        return page
    }

    /// Sends commands in one write and returns their replies in order; an error reply is a reply here.
    ///
    /// Each command is its name and arguments. Commands that change a connection's state (SELECT, MULTI, SUBSCRIBE,
    /// CLIENT REPLY, blocking ones) do not belong on a shared connection.
    ///
    /// - Throws: `RedisError` when the replies did not all come. Nothing is sent twice; `isOutcomeUnknown` says whether
    ///   the commands may have been executed.
    public func send(_ commands: [[Bytes]], timeout: Duration? = nil) async throws(RedisError) -> [RESPValue] {
        guard !commands.contains(where: \.isEmpty) else {
            throw RedisError(
                .command, phase: .queued, retry: .never, breakerEffect: .notCounted, "a command needs a name")
        }
        guard !commands.isEmpty else { return [] }
        return try await perform(timeout) { shard, limit throws(RedisError) in
            // Not counted by the breaker of writes: what the commands are is the caller's matter.
            try await shard.send(.read, limit, isRepeatable: false, count: commands.count, takesErrors: true) {
                output in
                for command in commands { output.appendRESPCommand(command) }
            }
        }.all
    }
}
