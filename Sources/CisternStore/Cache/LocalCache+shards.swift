import CisternBytes
import CisternLocks

// A lock per shard lets several event loops share the cache; a loop holds one for the time of a lookup.
extension LocalCache {
    final class Shard: Sendable {
        let state: Locked<CacheShard>

        init(maxEntries: Int, maxBytes: Int) {
            state = Locked(CacheShard(maxEntries: maxEntries, maxBytes: maxBytes))
        }
    }

    /// Where a key belongs. It is hashed once: one half of the hash chooses the shard, the other half the place in it.
    struct Place {
        let shard: Shard
        let hash: UInt32
    }

    static func hash(of key: Bytes) -> UInt64 {
        var hasher = Hasher()
        key.hash(into: &hasher)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    func place(of key: Bytes) -> Place {
        let hash = Self.hash(of: key)
        let shard = Int(truncatingIfNeeded: hash >> 32) & (shards.count - 1)
        return Place(shard: shards[shard], hash: UInt32(truncatingIfNeeded: hash))
    }

    package var shardCount: Int { shards.count }

    /// How many shards such a cache has: a power of two.
    ///
    /// Keys spread over shards unevenly, so a shard is full before the cache is. With thousands of entries to each that costs a percent
    /// or two; a small cache has one shard, and its bounds are exact.
    static func shardCount(entries: Int, bytes: Int, largestEntry: Int) -> Int {
        let room = max(1 << 20, min(largestEntry, .max / 8) * 4)
        var count = 16
        while count > 1, entries / count < 4096 || bytes / count < room { count /= 2 }
        return count
    }

    /// The largest value, in bytes, that finds room in any shard of such a cache, with a key of `keyBytes`.
    package static func largestValue(entries: Int, bytes: Int, largestEntry: Int, keyBytes: Int) -> Int {
        let shard = bytes / shardCount(entries: entries, bytes: bytes, largestEntry: largestEntry)
        return max(0, shard - keyBytes - entryOverhead)
    }

    /// A bound divided so that the parts add up to it exactly.
    static func portions(of total: Int, _ count: Int) -> [Int] {
        (0..<count).map { total / count + ($0 < total % count ? 1 : 0) }
    }
}
