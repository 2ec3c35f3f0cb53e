/// What a ``HybridRedisClient`` does while Redis is unavailable. The defaults are those of the service.
public struct FallbackConfig: Sendable, Hashable {
    /// What happens to a write while Redis is unavailable.
    public enum Writes: String, Sendable, CaseIterable {
        /// It is kept in memory and replayed when Redis is back.
        case memory
        /// It is refused.
        case reject
    }

    /// Whether local copies answer for Redis at all.
    public var isEnabled: Bool
    /// What happens to a write while Redis is unavailable.
    public var writes: Writes
    /// How long Redis has for an answer before the fallback gives one.
    public var redisBudget: Duration
    /// The most writes that are kept; more are refused.
    public var maxPending: Int
    /// The most bytes that kept writes take; more are refused.
    public var maxPendingBytes: Int

    /// Enabled, writes kept in memory, 250 ms, 100 000 writes and 64 MiB of them, unless said otherwise.
    public init(
        isEnabled: Bool = true, writes: Writes = .memory, redisBudget: Duration = .milliseconds(250),
        maxPending: Int = 100_000, maxPendingBytes: Int = 64 << 20
    ) {
        self.isEnabled = isEnabled
        self.writes = writes
        self.redisBudget = redisBudget
        self.maxPending = maxPending
        self.maxPendingBytes = maxPendingBytes
    }
}

/// How many copies a ``HybridRedisClient`` keeps of what Redis holds. The defaults are those of the service.
public struct LocalCopiesConfig: Sendable, Hashable {
    /// The most copies.
    public var maxEntries: Int
    /// The most bytes that they take.
    public var maxBytes: Int
    /// How long after Redis last confirmed it a copy may serve.
    public var ttl: Duration
    /// The largest value that must find room, in bytes.
    public var largestValue: Int

    /// 100 000 copies, 64 MiB, five minutes and 1 MiB, unless said otherwise.
    public init(
        maxEntries: Int = 100_000, maxBytes: Int = 64 << 20, ttl: Duration = .seconds(300), largestValue: Int = 1 << 20
    ) {
        self.maxEntries = maxEntries
        self.maxBytes = maxBytes
        self.ttl = ttl
        self.largestValue = largestValue
    }
}
