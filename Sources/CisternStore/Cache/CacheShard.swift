import CisternBytes

/// The entries of one shard. Its owner holds the shard's lock.
struct CacheShard: ~Copyable {
    let maxEntries: Int
    let maxBytes: Int
    var slots: [CacheSlot] = []
    private var freeSlot = CacheSlot.nowhere
    private var index = SlotIndex()
    /// Where entries come in, and where those stay that were used there. See `CacheShard+eviction.swift`.
    var small = SlotQueue()
    var main = SlotQueue()
    var ghosts = GhostSet()
    /// The slot that is looked at next for whether it has expired.
    private var hand = 0
    var counts = LocalCache.Statistics()

    init(maxEntries: Int, maxBytes: Int) {
        // Slots are numbered in 32 bits.
        self.maxEntries = min(maxEntries, Int(Int32.max))
        self.maxBytes = maxBytes
    }

    var entries: Int { small.count + main.count }
    var bytes: Int { small.bytes + main.bytes }

    var statistics: LocalCache.Statistics {
        var statistics = counts
        statistics.entries = entries
        statistics.bytes = bytes
        return statistics
    }

    /// The slot of a key that has not expired. The clock is read only if the entry expires at all.
    mutating func live(_ key: Bytes, _ hash: UInt32, _ now: () -> Int64) -> Int? {
        guard let slot = index.find(hash, where: { slots[$0].key == key }) else { return nil }
        guard slots[slot].expiry != Lifetime.never, slots[slot].expiry <= now() else { return slot }
        expire(slot)
        return nil
    }

    /// The same for a read that is counted.
    mutating func use(_ key: Bytes, _ hash: UInt32, _ now: () -> Int64) -> Int? {
        guard let slot = live(key, hash, now) else {
            counts.misses += 1
            return nil
        }
        counts.hits += 1
        noteUse(slot)
        return slot
    }

    /// Stores an entry over the one in slot `old`, or as a new one.
    mutating func store(
        _ key: Bytes, _ hash: UInt32, over old: Int?, _ entry: CacheEntry, _ now: Int64
    ) -> CacheOutcome {
        reclaim(now, sparing: old)
        guard entry.expiry > now else {
            guard let old else { return .kept }
            delete(old)
            return .removed
        }
        let size = key.count + entry.value.count + LocalCache.entryOverhead
        guard maxEntries > 0, size <= maxBytes else {
            counts.refusals += 1
            return .refused
        }
        if let old {
            replace(old, entry, now)
            return .replaced
        }
        while entries >= maxEntries || bytes > maxBytes - size { evict(now) }
        insert(key, hash, entry)
        return .inserted
    }

    /// Says that an entry holds what it held, as of now.
    mutating func renew(_ slot: Int, expiry: Int64, note: UInt64, _ now: Int64) {
        reclaim(now, sparing: slot)
        guard expiry > now else { return delete(slot) }
        slots[slot].expiry = expiry
        slots[slot].stored = now
        slots[slot].note = note
        counts.replacements += 1
        noteUse(slot)
    }

    private mutating func replace(_ slot: Int, _ entry: CacheEntry, _ now: Int64) {
        let growth = entry.value.count - slots[slot].value.count
        slots[slot].value = entry.value
        slots[slot].expiry = entry.expiry
        slots[slot].stored = entry.stored
        slots[slot].note = entry.note
        slots[slot].digest = entry.digest
        if slots[slot].queue == .small { small.bytes += growth } else { main.bytes += growth }
        counts.replacements += 1
        noteUse(slot)
        while bytes > maxBytes { evict(now, sparing: Int32(slot)) }
    }

    private mutating func insert(_ key: Bytes, _ hash: UInt32, _ entry: CacheEntry) {
        var new = CacheSlot()
        new.key = key
        new.value = entry.value
        new.expiry = entry.expiry
        new.stored = entry.stored
        new.note = entry.note
        new.digest = entry.digest
        new.hash = hash
        let slot: Int
        if freeSlot == CacheSlot.nowhere {
            slot = slots.count
            slots.append(new)
        } else {
            slot = Int(freeSlot)
            freeSlot = slots[slot].newer
            slots[slot] = new
        }
        index.insert(hash, slot)
        enqueue(Int32(slot))
        counts.insertions += 1
    }

    /// Keeps the digest of a value that is still there.
    mutating func note(_ digest: Digest160, of value: Bytes, _ key: Bytes, _ hash: UInt32) {
        if let slot = live(key, hash, { .min }), slots[slot].value == value { slots[slot].digest = digest }
    }

    mutating func delete(_ slot: Int) {
        remove(slot)
        counts.deletions += 1
    }

    mutating func expire(_ slot: Int) {
        remove(slot)
        counts.expirations += 1
    }

    mutating func remove(_ slot: Int) {
        dequeue(Int32(slot))
        index.remove(slots[slot].hash, slot)
        slots[slot] = CacheSlot()
        slots[slot].newer = freeSlot
        freeSlot = Int32(slot)
    }

    /// Forgets all entries and returns them.
    mutating func removeAll() -> [CacheSlot] {
        counts.deletions += entries
        let dropped = slots
        slots = []
        freeSlot = CacheSlot.nowhere
        index = SlotIndex()
        small = SlotQueue()
        main = SlotQueue()
        ghosts = GhostSet()
        hand = 0
        return dropped
    }

    /// Gives back some of what has expired: a hand goes round the slots, a few of them with every write.
    ///
    /// The queues' ends would not do: an entry that has expired could wait behind one that never does.
    private mutating func reclaim(_ now: Int64, sparing spared: Int?) {
        for _ in 0..<min(4, slots.count) {
            if hand >= slots.count { hand = 0 }
            if slots[hand].queue != .none, slots[hand].expiry <= now, hand != spared { expire(hand) }
            hand += 1
        }
    }
}
