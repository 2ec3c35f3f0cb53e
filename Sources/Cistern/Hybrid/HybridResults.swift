public import CisternBytes
package import CisternRedis

/// Where something is, or came from.
public enum CacheSource: String, Sendable, Hashable {
    /// Redis.
    case redis
    /// This process: a copy, or a write that Redis has not taken yet.
    case local
}

/// A value that was found.
public struct CacheHit: Sendable, Hashable {
    /// The value.
    public let value: Bytes
    /// How long the key lives on.
    public let ttl: KeyTTL
    /// Where the value came from.
    public let source: CacheSource
    /// How long ago Redis confirmed it; for a write that Redis has not taken yet, how long ago it was accepted. Zero from Redis.
    public let age: Duration
}

/// Where a write has gone.
public struct WriteReceipt: Sendable, Hashable {
    /// `redis`: it is done. `local`: it is kept in this process and replayed when Redis is back; if another client has written the
    /// key by then, that value stays.
    public let storedIn: CacheSource
    /// Whether the key was not there before (for a delete: was not there); nil where nobody knows.
    public let wasAbsent: Bool?
}

/// What a read came to, also where there is no value.
package struct Lookup: Sendable, Hashable {
    /// Nil where there is no such key.
    package let value: Bytes?
    package let ttl: KeyTTL
    package let source: CacheSource
    /// How many nanoseconds ago Redis confirmed it: zero when it comes from there.
    package let age: Int64
    /// The digest of the value, where somebody has made it before.
    package let digest: Digest160?

    package init(value: Bytes?, ttl: KeyTTL, source: CacheSource, age: Int64, digest: Digest160?) {
        self.value = value
        self.ttl = ttl
        self.source = source
        self.age = age
        self.digest = digest
    }

    /// The age in whole seconds, as it is told.
    package var ageSeconds: Int { Int(age / 1_000_000_000) }
}
