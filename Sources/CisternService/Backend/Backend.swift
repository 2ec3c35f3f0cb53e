internal import Cistern
internal import CisternBytes
internal import CisternRedis
internal import CisternStore

/// Where keys live: in Redis with this process behind it, or in this process alone.
enum Backend: Sendable {
    case redis(HybridRedisClient)
    case local(LocalStore)

    /// What became of a write.
    enum Written: Sendable {
        case created, replaced
        /// A precondition does not hold, and nothing was written; the digest of what the key holds.
        case failed(current: Bytes?)
        /// Redis did not take it; this process keeps it until it does.
        case kept
    }

    /// What became of a delete.
    enum Deleted: Sendable {
        case deleted, missing
        /// A precondition does not hold, and nothing was deleted; the digest of what the key holds.
        case failed(current: Bytes?)
        /// Redis did not take it; this process keeps it until it does.
        case kept
    }

    /// What a key holds, and who says so.
    func read(_ key: Bytes, until deadline: MonotonicTime) async throws(RedisError) -> Lookup {
        switch self {
        case .redis(let client): return try await client.look(up: key, OperationLimit(deadline))
        case .local(let store):
            return store.read(key)
        }
    }

    /// Keeps the digest that somebody has made of a key's value, for the next one who reads it.
    func note(_ digest: Digest160, of value: Bytes, key: Bytes) {
        switch self {
        case .redis(let client): client.note(digest, of: value, key: key)
        case .local(let store): store.cache.note(digest, of: value, key: key)
        }
    }

    /// Writes a value in one atomic step.
    ///
    /// - Parameter mayKeep: Whether it may be kept here where Redis does not take it.
    func put(
        _ key: Bytes, _ value: Bytes, expiry: KeyExpiry, until deadline: MonotonicTime, mayKeep: Bool
    ) async throws(RedisError) -> Written {
        switch self {
        case .redis(let client):
            let receipt = try await client.put(key, value, expiry: expiry, OperationLimit(deadline), mayKeep: mayKeep)
            guard receipt.storedIn == .redis else { return .kept }
            return receipt.wasAbsent == true ? .created : .replaced
        case .local(let store): return try store.put(key, value, expiry: expiry) ? .created : .replaced
        }
    }

    /// Writes a value if a precondition holds, both in one atomic step.
    func put(
        _ key: Bytes, _ value: Bytes, expiry: KeyExpiry, if condition: Precondition, until deadline: MonotonicTime
    ) async throws(RedisError) -> Written {
        let result: ConditionalResult =
            switch self {
            case .redis(let client):
                try await client.write(key, value, expiry: expiry, if: condition, OperationLimit(deadline))
            case .local(let store): try store.put(key, value, expiry: expiry, if: condition)
            }
        return switch result {
        case .done(let put): put.isNew ? .created : .replaced
        case .failed(let current): .failed(current: current)
        // Said of a delete alone.
        case .missing: .created
        }
    }

    /// Deletes a key of a string if a precondition holds, both in one atomic step.
    func delete(
        _ key: Bytes, if condition: Precondition, until deadline: MonotonicTime
    ) async throws(RedisError) -> Deleted {
        let result: ConditionalResult =
            switch self {
            case .redis(let client):
                try await client.write(key, nil, expiry: .never, if: condition, OperationLimit(deadline))
            case .local(let store): store.delete(key, if: condition)
            }
        return switch result {
        case .done: .deleted
        case .failed(let current): .failed(current: current)
        case .missing: .missing
        }
    }

    /// Deletes a key.
    func delete(_ key: Bytes, until deadline: MonotonicTime, mayKeep: Bool) async throws(RedisError) -> Deleted {
        switch self {
        case .redis(let client):
            let receipt = try await client.delete(key, OperationLimit(deadline), mayKeep: mayKeep)
            guard receipt.storedIn == .redis else { return .kept }
            return receipt.wasAbsent == true ? .missing : .deleted
        case .local(let store): return store.cache.delete(key) ? .deleted : .missing
        }
    }

    /// One page of the keys that begin with `prefix`; a listing begins with cursor 0, and has ended when it returns 0.
    func list(
        _ prefix: Bytes, cursor: UInt64, count: Int, until deadline: MonotonicTime
    ) async throws(RedisError) -> KeyPage {
        switch self {
        case .redis(let client):
            try await client.list(prefix, cursor: cursor, count: count, OperationLimit(deadline))
        case .local(let store): store.list(prefix, cursor: cursor, count: count)
        }
    }

    /// The value of `Cache-Source` while all is well.
    var source: StaticString {
        switch self {
        case .redis: "redis"
        case .local: "local"
        }
    }

    /// Whether a value from here is one that Redis did not give.
    func isFallback(_ found: Lookup) -> Bool {
        if case .redis = self { found.source == .local } else { false }
    }

    /// Counts whether a value that Redis did not give was given to the client.
    func countFallback(isServed: Bool) {
        if case .redis(let client) = self { client.countFallback(isServed: isServed) }
    }

    /// How long until Redis may take what it does not take now.
    func retryAfter(writing: Bool) -> Duration? {
        if case .redis(let client) = self { client.retryAfter(writing: writing) } else { nil }
    }
}
