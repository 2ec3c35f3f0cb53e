public import CisternBytes
internal import CisternLocks
import Synchronization

/// A cache in memory, bounded by entries and by bytes, whose entries expire.
///
/// Every operation takes a constant time, whatever the cache holds, and any thread or task may use it: a key belongs to one of
/// several shards, each behind a short lock of its own. No thread and no timer runs for it. What has expired is never
/// returned; its memory is given back when it is asked for, or as later writes pass over it.
///
/// When a bound is reached, the cache drops what was used least; one pass over many keys that are never asked for again does
/// not push out what is in use. Printing a cache or its entries shows no content.
public final class LocalCache: Sendable {
    /// A time to live without end.
    public static let never = Duration(secondsComponent: .max, attosecondsComponent: 0)

    /// Bytes that an entry is counted for beyond its key and its value: what this cache and the allocator spend on it.
    public static let entryOverhead = 192

    /// The most entries it holds.
    public let maxEntries: Int
    /// The most bytes it holds: keys, values, and ``entryOverhead`` for each entry.
    public let maxBytes: Int
    /// How long an entry lives that is stored without a time of its own.
    public let ttl: Duration

    let shards: [Shard]
    let now: @Sendable () -> Int64

    /// An empty cache. The defaults are Plan v39's: 1000 entries, five minutes.
    ///
    /// - Parameters:
    ///   - maxEntries: The most entries it holds; 0 or less holds none.
    ///   - maxBytes: The most bytes it holds, where every entry counts its key, its value and ``entryOverhead``.
    ///   - ttl: How long an entry lives that is stored without a time of its own; ``never`` for no end.
    public convenience init(maxEntries: Int = 1000, maxBytes: Int = 16 << 20, ttl: Duration = .seconds(300)) {
        self.init(maxEntries: maxEntries, maxBytes: maxBytes, ttl: ttl, largestEntry: 1 << 20)
    }

    /// An empty cache of a service.
    ///
    /// - Parameters:
    ///   - largestEntry: The largest value that must find room; a cache has no more shards than leave room for several of them.
    ///   - now: Nanoseconds of a clock that never goes back.
    package init(
        maxEntries: Int, maxBytes: Int, ttl: Duration, largestEntry: Int,
        now: @escaping @Sendable () -> Int64 = { MonotonicTime.now.nanoseconds }
    ) {
        self.maxEntries = max(0, maxEntries)
        self.maxBytes = max(0, maxBytes)
        self.ttl = ttl
        self.now = now
        let count = Self.shardCount(entries: self.maxEntries, bytes: self.maxBytes, largestEntry: max(0, largestEntry))
        let entries = Self.portions(of: self.maxEntries, count)
        let bytes = Self.portions(of: self.maxBytes, count)
        shards = zip(entries, bytes).map { Shard(maxEntries: $0, maxBytes: $1) }
    }

    /// The value of `key`; nil where there is none or it has expired.
    public func get(_ key: Bytes) -> Bytes? {
        let place = place(of: key)
        return place.shard.state.withLock { state in
            state.use(key, place.hash, now).map { state.slots[$0].value }
        }
    }

    /// Stores a value, in place of one that is there.
    ///
    /// - Parameters:
    ///   - ttl: How long it lives; nil for the cache's own ``ttl``, ``never`` for no end. Zero or less is expired at once: the key
    ///     holds nothing afterwards.
    /// - Returns: Whether there is room for it at all. A value that is larger than a shard of the cache is refused, and then the key
    ///   holds nothing, since what it held is out of date.
    @discardableResult
    public func set(_ key: Bytes, _ value: Bytes, ttl: Duration? = nil) -> Bool {
        let time = now()
        let expiry = expiry(after: ttl, from: time)
        let place = place(of: key)
        return place.shard.state.withLock { state in
            let old = state.live(key, place.hash, { time })
            let outcome = state.store(
                key, place.hash, over: old, .init(value: value, expiry: expiry, stored: time), time)
            guard outcome == .refused else { return true }
            if let old { state.delete(old) }
            return false
        }
    }

    /// Removes a key.
    ///
    /// - Returns: Whether it was there.
    @discardableResult
    public func delete(_ key: Bytes) -> Bool {
        let place = place(of: key)
        return place.shard.state.withLock { state in
            guard let slot = state.live(key, place.hash, now) else { return false }
            state.delete(slot)
            return true
        }
    }

    /// Whether a key is there. It does not count as a use.
    public func contains(_ key: Bytes) -> Bool {
        let place = place(of: key)
        return place.shard.state.withLock { $0.live(key, place.hash, now) != nil }
    }

    /// How long a key will live on; ``never`` where it does not expire, nil where it is not there.
    public func ttl(of key: Bytes) -> Duration? {
        let place = place(of: key)
        let time = now()
        return place.shard.state.withLock { state in
            state.live(key, place.hash, { time }).map { Lifetime.remaining(until: state.slots[$0].expiry, from: time) }
        }
    }

    /// Removes everything.
    public func removeAll() {
        for shard in shards {
            // The entries are freed outside the lock.
            let dropped = shard.state.withLock { $0.removeAll() }
            _ = consume dropped
        }
    }
}
