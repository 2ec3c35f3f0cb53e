package import CisternBytes
internal import CisternLocks
import Synchronization

/// What a key holds.
package struct CacheEntry: Sendable {
    package var value: Bytes
    /// The instant of the cache's clock at which it expires; `Int64.max` for never.
    package var expiry: Int64
    /// The instant at which it was stored.
    package internal(set) var stored: Int64
    /// A word that belongs to whoever writes the entry; the cache only keeps it.
    package var note: UInt64
    /// The digest of the value, once somebody has made it.
    package internal(set) var digest: Digest160?

    init(value: Bytes, expiry: Int64, stored: Int64, note: UInt64 = 0, digest: Digest160? = nil) {
        self.value = value
        self.expiry = expiry
        self.stored = stored
        self.note = note
        self.digest = digest
    }
}

/// What is to become of a key.
package enum CacheChange: Sendable {
    /// It stays as it is.
    case keep
    /// It holds this from now on. An expiry that is not in the future removes it.
    case store(Bytes, expiry: Int64, note: UInt64 = 0)
    /// It holds nothing from now on.
    case remove
}

/// What became of a key.
package enum CacheOutcome: Sendable, Hashable {
    case kept, inserted, replaced, removed
    /// The value is larger than there is room for; the key holds what it held.
    case refused
}

extension LocalCache {
    /// What a key holds, with its expiry, as one read.
    package func entry(_ key: Bytes) -> CacheEntry? {
        let place = place(of: key)
        return place.shard.state.withLock { state in
            state.use(key, place.hash, now).map { state.slots[$0].entry }
        }
    }

    /// Keeps the digest that somebody has made of a key's value, for the next one who wants it.
    package func note(_ digest: Digest160, of value: Bytes, key: Bytes) {
        let place = place(of: key)
        place.shard.state.withLock { $0.note(digest, of: value, key, place.hash) }
    }

    /// Decides about a key by what it holds, in one step: nobody else sees or changes the key in between.
    ///
    /// - Parameter body: Is given what the key holds and the present instant. It runs under the shard's lock: it must be short and
    ///   must not use the cache.
    package func update<Result: Sendable, Failure: Error>(
        _ key: Bytes,
        _ body: (_ current: CacheEntry?, _ now: Int64) throws(Failure) -> (CacheChange, Result)
    ) throws(Failure) -> (outcome: CacheOutcome, result: Result) {
        let time = now()
        let place = place(of: key)
        return try place.shard.state.withLock { state throws(Failure) in
            let old = state.live(key, place.hash, { time })
            let (change, result) = try body(old.map { state.slots[$0].entry }, time)
            switch change {
            case .keep:
                return (.kept, result)
            case .store(let value, let expiry, let note):
                let entry = CacheEntry(value: value, expiry: expiry, stored: time, note: note)
                return (state.store(key, place.hash, over: old, entry, time), result)
            case .remove:
                guard let old else { return (.kept, result) }
                state.delete(old)
                return (.removed, result)
            }
        }
    }

    /// The instant at which an entry expires that is stored at `time`; nil takes the cache's own ``ttl``.
    package func expiry(after ttl: Duration?, from time: Int64) -> Int64 {
        Lifetime.expiry(after: ttl ?? self.ttl, from: time)
    }
}
