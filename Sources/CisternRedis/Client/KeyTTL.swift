/// How long a key lives (Redis command PTTL).
public enum KeyTTL: Sendable, Hashable {
    /// There is no such key.
    case missing
    /// The key does not expire.
    case persistent
    /// The key expires after this long, counted in milliseconds.
    case remaining(Duration)

    /// Reads PTTL's reply.
    package init(milliseconds: Int64) {
        switch milliseconds {
        case -1: self = .persistent
        case 0...: self = .remaining(.milliseconds(milliseconds))
        default: self = .missing
        }
    }
}

/// When a written key expires.
package enum KeyExpiry: Sendable, Hashable {
    case never
    /// After so long, at least a millisecond.
    case after(Duration)
    /// When it would have; a new key after so long, or never.
    case keep(newKey: Duration?)
}

extension Duration {
    /// The duration in whole milliseconds, rounded up, at least 1: the unit of Redis' PX.
    var redisMilliseconds: Int {
        // Redis refuses times beyond 64 bits of milliseconds since 1970; a thousand years is as good as for ever.
        let (seconds, attoseconds) = min(self, .seconds(31_536_000_000)).components
        guard seconds >= 0, attoseconds >= 0 else { return 1 }
        return max(1, Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
