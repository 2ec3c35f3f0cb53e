package import CisternBytes
package import CisternRedis
internal import CisternStore

extension HybridRedisClient {
    /// What Redis or this process says of a key. After `limit` the fallback answers instead of Redis.
    package func look(up key: Bytes, _ limit: OperationLimit) async throws(RedisError) -> Lookup {
        try checkOpen()
        guard config.isEnabled else {
            let stored = try await redis.read(key, limit)
            return Lookup(stored?.value, stored?.ttl, digest: nil)
        }
        let place = store.place(of: key)
        while true {
            switch store.beginRead(key, place) {
            case .kept(let value): return served(value)
            case .replaying(let value):
                let isOver = await replayer.wait(for: key, until: limit.deadline) { !store.isReplaying(key, place) }
                guard isOver else { return served(value) }
            case .ask(let begin): return try await ask(key, place, begin, limit)
            }
        }
    }

    /// One page of the keys of strings that begin with `prefix`, as Redis has them: copies are some of the keys, and nobody
    /// knows which ones.
    package func list(
        _ prefix: Bytes, cursor: UInt64, count: Int, _ limit: OperationLimit
    ) async throws(RedisError) -> KeyPage {
        try checkOpen()
        return try await redis.list(prefix, cursor: cursor, count: count, limit)
    }

    private func ask(
        _ key: Bytes, _ place: FallbackStore.Place, _ begin: FallbackStore.ReadBegin, _ limit: OperationLimit
    ) async throws(RedisError) -> Lookup {
        do throws(RedisError) {
            let stored = try await redis.read(key, limit)
            let (value, digest) = store.endRead(
                key, place, begin: begin, value: stored?.value, ttl: stored.flatMap(\.ttl.left))
            return Lookup(value, stored?.ttl, digest: digest)
        } catch {
            guard error.leavesItToTheFallback else {
                // A key of another type holds no value that a copy could be of.
                if error.serverCode == "WRONGTYPE" { store.endRead(key, place, begin: begin, value: nil, ttl: nil) }
                throw error
            }
            guard let local = store.local(key, place) else {
                counters.misses.add()
                throw error
            }
            return served(local)
        }
    }

    /// Counts what became of a read that Redis did not answer: whether the copy was good enough.
    package func countFallback(isServed: Bool) {
        if isServed { counters.hits.add() } else { counters.misses.add() }
    }

    private func served(_ local: FallbackStore.LocalValue) -> Lookup {
        let ttl: KeyTTL = local.left.map { .remaining(.nanoseconds($0)) } ?? .persistent
        return Lookup(
            value: local.value, ttl: local.value == nil ? .missing : ttl, source: .local, age: local.age,
            digest: local.digest)
    }

    /// Keeps the digest that somebody has made of a key's value, for the next one who reads it.
    package func note(_ digest: Digest160, of value: Bytes, key: Bytes) {
        if config.isEnabled { store.note(digest, of: value, key, store.place(of: key)) }
    }
}

extension Lookup {
    /// What Redis has said.
    fileprivate init(_ value: Bytes?, _ ttl: KeyTTL?, digest: Digest160?) {
        self.init(value: value, ttl: ttl ?? .missing, source: .redis, age: 0, digest: digest)
    }
}

extension KeyTTL {
    /// How long the key lives on; nil for ever. One that expired between two commands has a moment.
    var left: Duration? {
        switch self {
        case .persistent: nil
        case .remaining(let left): left
        case .missing: .zero
        }
    }
}
