internal import CisternBytes
internal import CisternRedis
internal import CisternSockets
internal import CisternStore

/// Where keys live: in Redis, or in this process alone.
enum Backend: Sendable {
    case redis(RedisClient)
    case local(LocalStore)

    /// The value of a key with how long it lives; nil where there is none.
    func read(_ key: Bytes, until deadline: MonotonicTime) async throws(RedisError) -> StoredValue? {
        switch self {
        case .redis(let client): try await client.read(key, until: deadline)
        case .local(let store): store.read(key)
        }
    }

    /// Writes a value in one atomic step; true when the key was new.
    func put(
        _ key: Bytes, _ value: Bytes, expiry: KeyExpiry, until deadline: MonotonicTime
    ) async throws(RedisError) -> Bool {
        switch self {
        case .redis(let client): try await client.put(key, value, expiry: expiry, until: deadline)
        case .local(let store): try store.put(key, value, expiry: expiry)
        }
    }

    /// Deletes a key; true when it was there.
    func delete(_ key: Bytes, until deadline: MonotonicTime) async throws(RedisError) -> Bool {
        switch self {
        case .redis(let client): try await client.delete(key, until: deadline)
        case .local(let store): store.cache.delete(key)
        }
    }

    /// The value of `Cache-Source`.
    var source: StaticString {
        switch self {
        case .redis: "redis"
        case .local: "local"
        }
    }
}
