internal import Cistern
internal import CisternBytes
internal import CisternRedis
internal import CisternSockets
internal import CisternStore

/// The embedded cache as the truth: what backend `local` answers from, with Redis' meaning of a time to live.
struct LocalStore: Sendable {
    let cache: LocalCache
    /// Tells this store from every other one, that of the same process after its next start included.
    let name = UInt64.random(in: 0...UInt64.max)

    init(_ config: ServiceConfig) {
        cache = LocalCache(
            maxEntries: config.localCache.maxEntries, maxBytes: config.localCache.maxBytes, ttl: LocalCache.never,
            largestEntry: config.http.maxValueBytes)
    }

    func read(_ key: Bytes) -> Lookup {
        guard let entry = cache.entry(key) else {
            return Lookup(value: nil, ttl: .missing, source: .local, age: 0, digest: nil)
        }
        return Lookup(
            value: entry.value, ttl: KeyTTL(until: entry.expiry), source: .local, age: 0, digest: entry.digest)
    }

    /// One page of the keys that begin with `prefix`.
    func list(_ prefix: Bytes, cursor: UInt64, count: Int) -> KeyPage {
        let (keys, next) = cache.scan(cursor: cursor, limit: count)
        return KeyPage(
            next: next,
            keys: keys.compactMap { entry in
                guard entry.key.starts(with: prefix) else { return nil }
                return ListedKey(key: entry.key, ttl: KeyTTL(until: entry.expiry))
            })
    }

    /// Writes a value; true when the key was new.
    ///
    /// - Throws: `outOfMemory` when the value is larger than the cache has room for.
    func put(_ key: Bytes, _ value: Bytes, expiry: KeyExpiry) throws(RedisError) -> Bool {
        let (outcome, isNew) = cache.update(key) { current, now in
            (.store(value, expiry: end(expiry, of: current, now)), current == nil)
        }
        guard outcome != .refused else { throw Self.noRoom }
        return isNew
    }

    /// Writes a value if a precondition holds.
    ///
    /// - Throws: `outOfMemory` when the value is larger than the cache has room for.
    func put(
        _ key: Bytes, _ value: Bytes, expiry: KeyExpiry, if condition: Precondition
    ) throws(RedisError) -> ConditionalResult {
        while true {
            // The digest is made outside the cache's lock; if the key has changed by then, it is made again.
            let entry = cache.entry(key)
            let held = entry?.value
            let digest = entry.map(Self.digest)
            guard condition.verdict(on: digest) == .holds else { return .failed(current: digest) }
            let (outcome, isUnchanged) = cache.update(key) { current, now in
                guard current?.value == held else { return (.keep, false) }
                return (.store(value, expiry: end(expiry, of: current, now)), true)
            }
            guard outcome != .refused else { throw Self.noRoom }
            if isUnchanged { return .done(PutResult(isNew: held == nil)) }
        }
    }

    /// Deletes a key if a precondition holds.
    func delete(_ key: Bytes, if condition: Precondition) -> ConditionalResult {
        while true {
            guard let entry = cache.entry(key) else { return .missing }
            let held = entry.value
            let digest = Self.digest(of: entry)
            guard condition.verdict(on: digest) == .holds else { return .failed(current: digest) }
            let isUnchanged = cache.update(key) { current, _ in
                current?.value == held ? (.remove, true) : (.keep, false)
            }.result
            if isUnchanged { return .done(PutResult(isNew: false)) }
        }
    }

    private static func digest(of entry: CacheEntry) -> Bytes {
        (entry.digest ?? SHA1.digest(of: entry.value)).hex
    }

    private func end(_ expiry: KeyExpiry, of current: CacheEntry?, _ now: Int64) -> Int64 {
        switch expiry {
        case .never: .max
        case .after(let ttl): cache.expiry(after: ttl, from: now)
        case .keep(let standard):
            current?.expiry ?? standard.map { cache.expiry(after: $0, from: now) } ?? .max
        }
    }

    private static let noRoom = RedisError(
        .outOfMemory, phase: .queued, retry: .never, breakerEffect: .notCounted,
        "the value is larger than the cache has room for")
}

extension KeyTTL {
    /// Of an entry that expires at an instant of the cache's clock.
    fileprivate init(until expiry: Int64) {
        self =
            expiry == .max
            ? .persistent : .remaining(.nanoseconds(max(0, expiry - MonotonicTime.now.nanoseconds)))
    }
}
