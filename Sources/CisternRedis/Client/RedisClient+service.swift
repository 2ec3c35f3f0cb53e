package import CisternBytes
internal import CisternSockets

/// What the HTTP service and the fallback ask for, by deadline and not by time left.
extension RedisClient {
    /// The value of `key` with its time to live, read in one round trip (GET, PTTL).
    package func read(_ key: Bytes, until deadline: MonotonicTime) async throws(RedisError) -> StoredValue? {
        try await onLoop { shard throws(RedisError) in try await shard.read(key, until: deadline) }
    }

    /// Writes a string in one atomic step, which tells whether the key was new. Keys of other types are left alone.
    package func put(
        _ key: Bytes, _ value: Bytes, expiry: KeyExpiry, until deadline: MonotonicTime
    ) async throws(RedisError) -> PutResult {
        try await onLoop { shard throws(RedisError) in try await shard.put(key, value, expiry, until: deadline) }
    }

    /// Deletes a key of any type; true when it was there (DEL).
    package func delete(_ key: Bytes, until deadline: MonotonicTime) async throws(RedisError) -> Bool {
        try await onLoop { shard throws(RedisError) in
            try await shard.number("DEL", key, .write, until: deadline)
        } > 0
    }
}
