// Which entry makes room: S3-FIFO (Yang and others, "FIFO queues are all you need for cache eviction", SOSP 2023).
//
// A new entry waits in a small queue, a tenth of the bounds. At its end it goes over to the main queue if it was used twice, else it is
// dropped and its hash remembered; if it comes again soon, it enters the main queue at once. At the end of the main queue an entry goes
// round again as often as it was used, three times at most. A pass over keys that are not asked for again runs through the small
// queue and leaves the main one alone, and a hit only counts up a small number: no list is reordered under the lock, as LRU
// and W-TinyLFU do. With sets of keys as skewed as those of caches it misses no more than either.
extension CacheShard {
    /// Entries that may go round in one eviction. It bounds the time under the lock when everything was in use.
    private static let secondChances = 64

    mutating func noteUse(_ slot: Int) {
        if slots[slot].uses < 3 { slots[slot].uses += 1 }
    }

    mutating func enqueue(_ slot: Int32) {
        if ghosts.take(slots[Int(slot)].hash, capacity: entries) {
            append(slot, to: .main)
        } else {
            append(slot, to: .small)
        }
    }

    mutating func dequeue(_ slot: Int32) {
        if slots[Int(slot)].queue == .small {
            small.remove(slot, in: &slots)
        } else {
            main.remove(slot, in: &slots)
        }
    }

    /// Drops one entry, but not `spared`, which has just been written. There is another one: alone, it is within the bounds.
    mutating func evict(_ now: Int64, sparing spared: Int32 = CacheSlot.nowhere) {
        var chances = Self.secondChances
        while entries > 0 {
            let fromSmall =
                small.count > 0 && (smallIsFull || main.count == 0 || main.count == 1 && main.oldest == spared)
            let slot = fromSmall ? small.oldest : main.oldest
            if slot == spared {
                move(slot)
            } else if slots[Int(slot)].expiry <= now {
                return expire(Int(slot))
            } else if chances > 0, slots[Int(slot)].uses > (fromSmall ? 1 : 0) {
                chances -= 1
                slots[Int(slot)].uses = fromSmall ? 0 : slots[Int(slot)].uses - 1
                move(slot)
            } else {
                if fromSmall { ghosts.insert(slots[Int(slot)].hash, capacity: entries) }
                remove(Int(slot))
                counts.evictions += 1
                return
            }
        }
    }

    /// Beyond a tenth of either bound.
    private var smallIsFull: Bool { small.count > maxEntries / 10 || small.bytes > maxBytes / 10 }

    /// Makes an entry the newest of the main queue.
    private mutating func move(_ slot: Int32) {
        dequeue(slot)
        append(slot, to: .main)
    }

    private mutating func append(_ slot: Int32, to queue: CacheSlot.Queue) {
        slots[Int(slot)].queue = queue
        if queue == .small {
            small.append(slot, in: &slots)
        } else {
            main.append(slot, in: &slots)
        }
    }
}
