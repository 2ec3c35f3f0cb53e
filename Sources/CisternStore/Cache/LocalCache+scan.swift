package import CisternBytes
internal import CisternLocks
import Synchronization

extension LocalCache {
    /// A key that a scan came by.
    package struct ScannedKey: Sendable {
        package let key: Bytes
        /// The instant at which it expires; `Int64.max` for never.
        package let expiry: Int64
    }

    /// Some of the keys, and where to go on; begins with cursor 0, and has ended when it returns 0.
    ///
    /// A key that is there throughout is listed. An entry keeps its slot for its whole life, so it is listed once; a key that is removed
    /// and stored again meanwhile can come twice. One call looks at no more than eight slots for each key it may return.
    /// Any cursor is safe.
    package func scan(cursor: UInt64, limit: Int) -> (keys: [ScannedKey], next: UInt64) {
        let limit = min(max(1, limit), 1 << 20)
        let time = now()
        var keys: [ScannedKey] = []
        var budget = limit * 8
        var shard = Int(cursor >> 32)
        var slot = Int(cursor & 0xFFFF_FFFF)
        while shard < shards.count {
            let next = shards[shard].state.withLock { $0.scan(from: slot, &budget, limit, time, &keys) }
            if let next { return (keys, UInt64(shard) << 32 | UInt64(next)) }
            shard += 1
            slot = 0
        }
        return (keys, 0)
    }
}

extension CacheShard {
    /// Lists live entries from a slot on; the slot to go on with, or nil at the end.
    func scan(
        from start: Int, _ budget: inout Int, _ limit: Int, _ time: Int64, _ keys: inout [LocalCache.ScannedKey]
    ) -> Int? {
        var slot = start
        while slot < slots.count {
            guard budget > 0, keys.count < limit else { return slot }
            budget -= 1
            let entry = slots[slot]
            if entry.queue != .none, entry.expiry > time {
                keys.append(.init(key: entry.key, expiry: entry.expiry))
            }
            slot += 1
        }
        return nil
    }
}
