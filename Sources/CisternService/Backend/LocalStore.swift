internal import CisternBytes
internal import CisternRedis
internal import CisternStore

/// The embedded cache as the truth: what backend `local` answers from, with Redis' meaning of a time to live.
struct LocalStore: Sendable {
    let cache: LocalCache

    init(_ config: ServiceConfig) {
        cache = LocalCache(
            maxEntries: config.localCache.maxEntries, maxBytes: config.localCache.maxBytes, ttl: LocalCache.never,
            largestEntry: config.http.maxValueBytes)
    }

    func read(_ key: Bytes) -> StoredValue? {
        guard let entry = cache.entry(key) else { return nil }
        let ttl: KeyTTL =
            entry.expiry == .max
            ? .persistent : .remaining(.nanoseconds(max(0, entry.expiry - MonotonicTime.now.nanoseconds)))
        return StoredValue(value: entry.value, ttl: ttl)
    }

    /// Writes a value; true when the key was new.
    ///
    /// - Throws: `outOfMemory` when the value is larger than the cache has room for.
    func put(_ key: Bytes, _ value: Bytes, expiry: KeyExpiry) throws(RedisError) -> Bool {
        let (outcome, isNew) = cache.update(key) { current, now in
            let end: Int64 =
                switch expiry {
                case .never: .max
                case .after(let ttl): cache.expiry(after: ttl, from: now)
                case .keep(let standard):
                    current?.expiry ?? standard.map { cache.expiry(after: $0, from: now) } ?? .max
                }
            return (.store(value, expiry: end), current == nil)
        }
        guard outcome != .refused else {
            throw RedisError(
                .outOfMemory, phase: .queued, retry: .never, breakerEffect: .notCounted,
                "the value is larger than the cache has room for")
        }
        return isNew
    }
}
