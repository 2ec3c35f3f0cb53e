public import CisternRedis
public import CisternStore
internal import Synchronization

/// What a ``HybridRedisClient`` has done and how it stands.
public struct HybridStatistics: Sendable, Hashable {
    /// What was answered by this process because Redis did not.
    public struct Fallback: Sendable, Hashable {
        /// Reads that were answered from here.
        public var hits: Int
        /// Reads that could not be answered at all.
        public var misses: Int
        /// Writes and deletes that were kept.
        public var writes: Int
    }

    /// The writes that Redis has not taken yet, and what became of the others.
    public struct Pending: Sendable, Hashable {
        /// Writes that are kept.
        public var entries: Int
        /// Bytes that they take.
        public var bytes: Int
        /// Kept writes that Redis has taken since.
        public var replayed: Int
        /// Kept writes that met another client's value, which stayed.
        public var conflicts: Int
        /// Kept writes in whose place a later one of the same key was kept.
        public var superseded: Int
    }

    /// The client of Redis: pool, breakers, health, reconnection.
    public var redis: RedisStatistics
    /// What was answered by this process.
    public var fallback: Fallback
    /// The kept writes.
    public var pending: Pending
    /// The copies.
    public var copies: LocalCache.Statistics
}

/// Counted only while Redis is unavailable, so one place for all threads is no matter.
final class HybridCounters: Sendable {
    final class Counter: Sendable {
        private let number = Atomic(0)
        func add() { number.wrappingAdd(1, ordering: .relaxed) }
        var value: Int { number.load(ordering: .relaxed) }
    }

    let hits = Counter()
    let misses = Counter()
    let writes = Counter()
}

extension HybridRedisClient {
    /// What it has done and how it stands, from any thread without waiting.
    public var statistics: HybridStatistics {
        let kept = store.statistics
        return HybridStatistics(
            redis: redis.statistics,
            fallback: .init(hits: counters.hits.value, misses: counters.misses.value, writes: counters.writes.value),
            pending: .init(
                entries: kept.pendingEntries, bytes: kept.pendingBytes, replayed: kept.replayed,
                conflicts: kept.conflicts, superseded: kept.superseded),
            copies: kept.copies)
    }
}
