public import CisternBytes
public import CisternRedis
public import CisternResilience
package import CisternSockets
internal import CisternStore
public import Logging
internal import Synchronization

/// A client that goes on when Redis does not: reads are answered from local copies, writes are kept and replayed.
///
/// While Redis answers, every operation goes to it, and what passes leaves a copy. When it is unavailable, or late, a read is
/// answered from the copy, with its age, or fails: it never says "not found" of a key of which nobody knows. A write or a
/// delete is kept, and replayed in order when Redis is back; it never overwrites another client's value. What is kept lives
/// in this process, and ends with it.
///
/// It is safe from any task and any executor, cancel-safe, and needs no `run()`; ``close()`` ends it.
public final class HybridRedisClient: Sendable {
    let redis: RedisClient
    let store: FallbackStore
    let config: FallbackConfig
    let counters = HybridCounters()
    let replayer: Replayer
    private let isClosed = Atomic(false)

    /// A client that connects in the background: it does not fail because Redis is down.
    ///
    /// - Parameters:
    ///   - fallback: What happens while Redis is unavailable.
    ///   - breaker: When Redis is not asked any more.
    ///   - cache: How many copies are kept.
    /// - Throws: ``ConfigurationFaults`` when the configuration is not valid or a file it names cannot be used; `RedisError` only
    ///   when the process has no descriptor left for an event loop.
    public convenience init(
        _ config: RedisConfig, fallback: FallbackConfig = FallbackConfig(),
        breaker: CircuitBreakerConfig = CircuitBreakerConfig(), cache: LocalCopiesConfig = LocalCopiesConfig(),
        logger: Logger? = nil
    ) async throws {
        try self.init(config, fallback: fallback, breaker: breaker, cache: cache, group: nil, logger: logger)
        await start()
    }

    /// A client that has not been started, on event loops that somebody else ends, or on one of its own.
    package init(
        _ config: RedisConfig, fallback: FallbackConfig, breaker: CircuitBreakerConfig, cache: LocalCopiesConfig,
        group: EventLoopGroup?, logger: Logger?
    ) throws {
        let redis = try RedisClient(config, guardedBy: breaker, group: group, logger: logger)
        let store = FallbackStore(
            FallbackStore.Limits(
                maxEntries: fallback.isEnabled ? cache.maxEntries : 0, maxBytes: cache.maxBytes, ttl: cache.ttl,
                maxPending: fallback.maxPending, maxPendingBytes: fallback.maxPendingBytes,
                largestEntry: cache.largestValue))
        self.redis = redis
        self.store = store
        self.config = fallback
        replayer = Replayer(redis, store, limit: max(fallback.redisBudget, .seconds(1)), logger: logger)
    }

    /// Starts to connect in the background.
    package func start() async { await redis.start() }

    /// Ends all connections; operations in progress throw `cancelled`, and so does every later one. What is kept is lost, unless
    /// ``flush(within:)`` was called before. Twice is fine.
    public func close() async {
        isClosed.store(true, ordering: .relaxed)
        await replayer.close()
        await redis.close()
    }

    func checkOpen() throws(RedisError) {
        if isClosed.load(ordering: .relaxed) { throw ErrorHandler.clientClosed }
    }

    /// Waits until Redis has taken every kept write, or the time is over. Returns how many are left.
    @discardableResult
    public func flush(within limit: Duration) async -> Int {
        await replayer.flush(until: .now + limit)
        return store.statistics.pendingEntries
    }

    /// Whether Redis answers and is asked; from any thread without waiting.
    public var isRedisHealthy: Bool { redis.isHealthy }

    /// How long until asking Redis again may help; nil where nothing speaks against asking now.
    package func retryAfter(writing: Bool) -> Duration? { redis.retryAfter(writing: writing) }

    // MARK: Operations

    private func deadline(_ timeout: Duration?) -> MonotonicTime { .now + (timeout ?? config.redisBudget) }

    /// The value of `key`, from Redis or, when that is unavailable, from this process; nil when there is none.
    ///
    /// - Parameter timeout: How long Redis has; nil for ``FallbackConfig/redisBudget``.
    /// - Throws: `RedisError` when Redis is unavailable and this process knows nothing of the key, or when it refuses the command.
    public func get(_ key: Bytes, timeout: Duration? = nil) async throws(RedisError) -> CacheHit? {
        let found = try await redis.cancellable(until: deadline(timeout)) { limit throws(RedisError) in
            try await look(up: key, limit)
        }
        if found.source == .local { countFallback(isServed: true) }
        guard let value = found.value else { return nil }
        return CacheHit(value: value, ttl: found.ttl, source: found.source, age: .nanoseconds(found.age))
    }

    /// Writes `key`: in Redis or, when that is unavailable, in this process until it is back.
    ///
    /// - Parameters:
    ///   - ttl: How long it lives, counted from now; nil for ever.
    ///   - keepTTL: Keeps the time to live that the key has. Not together with `ttl`, which then wins.
    ///   - timeout: How long Redis has; nil for ``FallbackConfig/redisBudget``.
    /// - Throws: `RedisError` when Redis is unavailable and the write cannot be kept, or when it refuses the command.
    @discardableResult
    public func set(
        _ key: Bytes, _ value: Bytes, ttl: Duration? = nil, keepTTL: Bool = false, timeout: Duration? = nil
    ) async throws(RedisError) -> WriteReceipt {
        let expiry: KeyExpiry = ttl.map { .after($0) } ?? (keepTTL ? .keep(newKey: nil) : .never)
        return try await redis.cancellable(until: deadline(timeout)) { limit throws(RedisError) in
            try await put(key, value, expiry: expiry, limit)
        }
    }

    /// Deletes `key`: in Redis or, when that is unavailable, in this process until it is back.
    ///
    /// - Parameter timeout: How long Redis has; nil for ``FallbackConfig/redisBudget``.
    /// - Throws: `RedisError` when Redis is unavailable and the delete cannot be kept, or when it refuses the command.
    @discardableResult
    public func delete(_ key: Bytes, timeout: Duration? = nil) async throws(RedisError) -> WriteReceipt {
        try await redis.cancellable(until: deadline(timeout)) { limit throws(RedisError) in
            try await delete(key, limit)
        }
    }
}
