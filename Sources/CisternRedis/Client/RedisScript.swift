package import CisternBytes
internal import CisternSockets

/// A Lua script that runs in Redis as one atomic step, called by its digest (`EVALSHA`).
package struct RedisScript: Sendable {
    /// The Lua text.
    package let source: Bytes
    /// The name Redis gives it: its SHA-1.
    package let digest: Bytes

    package init(_ source: Bytes) {
        self.source = source
        digest = SHA1.hexDigest(of: source)
    }
}

extension RedisScript {
    /// Writes a string and says whether the key was new; leaves keys of other types alone.
    ///
    /// For what `SET … GET` cannot say: servers before 6.2, and "keep the old time to live, but give a new key this one".
    /// ARGV: value, time to live in milliseconds (0: none), `keep` or `replace`.
    static let put = RedisScript(
        """
        local kind = redis.call('TYPE', KEYS[1]).ok
        if kind ~= 'none' and kind ~= 'string' then
          return redis.error_reply('WRONGTYPE Operation against a key holding the wrong kind of value')
        end
        local ttl = tonumber(ARGV[2])
        if ARGV[3] == 'keep' and kind == 'string' then
          ttl = redis.call('PTTL', KEYS[1])
          -- In its last millisecond a key has 0 left and still expires.
          if ttl == 0 then ttl = 1 end
        end
        if ttl > 0 then
          redis.call('SET', KEYS[1], ARGV[1], 'PX', string.format('%.0f', ttl))
        else
          redis.call('SET', KEYS[1], ARGV[1])
        end
        return kind == 'none' and 1 or 0
        """)
}
