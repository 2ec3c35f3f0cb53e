package import CisternBytes
internal import CisternSockets

/// What the HTTP service and the fallback ask for, each within a limit of its caller's.
extension RedisClient {
    /// The value of `key` with its time to live, read in one round trip (GET, PTTL).
    package func read(_ key: Bytes, _ limit: OperationLimit) async throws(RedisError) -> StoredValue? {
        try await onLoop { shard throws(RedisError) in try await shard.read(key, limit) }
    }

    /// Writes a string in one atomic step, which tells whether the key was new. Keys of other types are left alone.
    package func put(
        _ key: Bytes, _ value: Bytes, expiry: KeyExpiry, _ limit: OperationLimit
    ) async throws(RedisError) -> PutResult {
        try await onLoop { shard throws(RedisError) in try await shard.put(key, value, expiry, limit) }
    }

    /// Writes a string, or deletes one where `value` is nil, if `condition` holds: both in one atomic step. Keys of other types
    /// are left alone.
    package func write(
        _ key: Bytes, _ value: Bytes?, expiry: KeyExpiry, if condition: Precondition, _ limit: OperationLimit
    ) async throws(RedisError) -> ConditionalResult {
        try await onLoop { shard throws(RedisError) in try await shard.write(key, value, expiry, if: condition, limit) }
    }

    /// Deletes a key of any type; true when it was there (DEL).
    package func delete(_ key: Bytes, _ limit: OperationLimit) async throws(RedisError) -> Bool {
        try await onLoop { shard throws(RedisError) in
            try await shard.number("DEL", key, .write, limit)
        } > 0
    }
}
