package import CisternBytes
internal import CisternSockets

/// A Lua script that runs in Redis as one atomic step, called by its digest (`EVALSHA`).
package struct RedisScript: Sendable {
    /// The Lua text.
    package let source: Bytes
    /// The name Redis gives it: its SHA-1.
    package let digest: Bytes

    package init(_ source: String) {
        self.source = Bytes(source)
        digest = SHA1.hexDigest(of: self.source)
    }
}

extension RedisScript {
    /// Writes a string and says whether the key was new and how long it lives on; leaves keys of other types alone.
    ///
    /// For what `SET … GET` cannot say: servers before 6.2, and "keep the old time to live, but give a new key this one".
    /// ARGV: value, time to live in milliseconds (0: none), `keep` or `replace`.
    static let put = RedisScript(
        """
        local kind = redis.call('TYPE', KEYS[1]).ok
        if kind ~= 'none' and kind ~= 'string' then
          return redis.error_reply('WRONGTYPE Operation against a key holding the wrong kind of value')
        end
        \(setting(value: 1, milliseconds: 2, mode: 3))
        return {kind == 'none' and 1 or 0, redis.call('PTTL', KEYS[1])}
        """)

    /// Writes or deletes what was to be written before and could not, unless another client has been there since.
    ///
    /// It goes ahead where the key holds nothing, or a value whose digest is among those given; then it is 1. It is 2 where the key
    /// holds the new value already, or nothing where it was to be deleted; and 0 where it holds anything else, which stays.
    /// ARGV: value, time to live in milliseconds (0: none), `keep`, `replace` or `delete`, then digests.
    static let replay = RedisScript(
        """
        local kind = redis.call('TYPE', KEYS[1]).ok
        if kind ~= 'none' and kind ~= 'string' then return 0 end
        if kind == 'string' then
          local held = redis.sha1hex(redis.call('GET', KEYS[1]))
          local known = false
          for i = 4, #ARGV do known = known or ARGV[i] == held end
          if not known then
            return ARGV[3] ~= 'delete' and held == redis.sha1hex(ARGV[1]) and 2 or 0
          end
        elseif ARGV[3] == 'delete' then
          return 2
        end
        if ARGV[3] == 'delete' then
          redis.call('DEL', KEYS[1])
          return 1
        end
        \(setting(value: 1, milliseconds: 2, mode: 3))
        return 1
        """)

    /// Writes or deletes a string where a precondition holds.
    ///
    /// ARGV: value, time to live in milliseconds (0: none), `keep`, `replace` or `delete`, how many digests of `If-Match` follow
    /// and how many of `If-None-Match` (-1: no such condition, -2: any value), then those. The answer is 1 and the new time to
    /// live for a key that is new, 2 and the same for one that was there, 3 for nothing to delete, 0 and the digest of what the
    /// key holds, or an empty one, where the precondition does not hold.
    static let conditional = RedisScript(
        """
        local kind = redis.call('TYPE', KEYS[1]).ok
        if kind ~= 'none' and kind ~= 'string' then
          return redis.error_reply('WRONGTYPE Operation against a key holding the wrong kind of value')
        end
        if ARGV[3] == 'delete' and kind == 'none' then return {3, 0} end
        local held = kind == 'string' and redis.sha1hex(redis.call('GET', KEYS[1])) or ''
        local function listed(count, first)
          if count == -2 then return held ~= '' end
          for i = first, first + count - 1 do
            if ARGV[i] == held then return true end
          end
          return false
        end
        local matches, others = tonumber(ARGV[4]), tonumber(ARGV[5])
        if matches ~= -1 and not listed(matches, 6) then return {0, held} end
        if others ~= -1 and listed(others, 6 + math.max(matches, 0)) then return {0, held} end
        if ARGV[3] == 'delete' then
          redis.call('DEL', KEYS[1])
          return {2, 0}
        end
        \(setting(value: 1, milliseconds: 2, mode: 3))
        return {kind == 'none' and 1 or 2, redis.call('PTTL', KEYS[1])}
        """)

    /// Lua that sets the key, where `kind` is its type.
    private static func setting(value: Int, milliseconds: Int, mode: Int) -> String {
        """
        local ttl = tonumber(ARGV[\(milliseconds)])
        if ARGV[\(mode)] == 'keep' and kind == 'string' then
          ttl = redis.call('PTTL', KEYS[1])
          -- In its last millisecond a key has 0 left and still expires.
          if ttl == 0 then ttl = 1 end
        end
        if ttl > 0 then
          redis.call('SET', KEYS[1], ARGV[\(value)], 'PX', string.format('%.0f', ttl))
        else
          redis.call('SET', KEYS[1], ARGV[\(value)])
        end
        """
    }
}
