internal import CisternBytes
internal import CisternLocks
import Synchronization

extension LocalCache {
    /// What a cache holds and has done since it was made.
    ///
    /// `insertions − deletions − evictions − expirations` is `entries`.
    public struct Statistics: Sendable, Hashable {
        /// Entries held, those that have expired and have not been met yet included.
        public internal(set) var entries = 0
        /// Bytes held: keys, values, and ``LocalCache/entryOverhead`` for each entry.
        public internal(set) var bytes = 0
        /// Reads that found a value.
        public internal(set) var hits = 0
        /// Reads that found none.
        public internal(set) var misses = 0
        /// Values stored under a key that was not there.
        public internal(set) var insertions = 0
        /// Values stored in place of another.
        public internal(set) var replacements = 0
        /// Entries removed on request.
        public internal(set) var deletions = 0
        /// Entries dropped to make room.
        public internal(set) var evictions = 0
        /// Entries removed because their time was over.
        public internal(set) var expirations = 0
        /// Values that were larger than the cache has room for.
        public internal(set) var refusals = 0

        mutating func add(_ other: Statistics) {
            entries += other.entries
            bytes += other.bytes
            hits += other.hits
            misses += other.misses
            insertions += other.insertions
            replacements += other.replacements
            deletions += other.deletions
            evictions += other.evictions
            expirations += other.expirations
            refusals += other.refusals
        }
    }

    /// What the cache holds and has done. Each shard is read at one moment, the shards one after another.
    public var statistics: Statistics {
        var sum = Statistics()
        for shard in shards { sum.add(shard.state.withLock { $0.statistics }) }
        return sum
    }

    /// Entries held, those that have expired and have not been met yet included.
    public var count: Int { statistics.entries }

    /// Bytes held: keys, values, and ``entryOverhead`` for each entry.
    public var byteCount: Int { statistics.bytes }
}
