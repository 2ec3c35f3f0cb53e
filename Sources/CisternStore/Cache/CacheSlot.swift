import CisternBytes

/// The place of one entry. Free places are linked through `newer`.
struct CacheSlot {
    /// The queue that an entry waits in to be dropped.
    enum Queue: UInt8 {
        case none, small, main
    }

    static let nowhere: Int32 = -1

    var key = Bytes()
    var value = Bytes()
    var expiry: Int64 = 0
    var stored: Int64 = 0
    var note: UInt64 = 0
    var digest: Digest160?
    var hash: UInt32 = 0
    var newer = Self.nowhere
    var older = Self.nowhere
    /// Uses since it came into its queue, up to 3.
    var uses: UInt8 = 0
    var queue = Queue.none

    var size: Int { key.count + value.count + LocalCache.entryOverhead }

    var entry: CacheEntry { CacheEntry(value: value, expiry: expiry, stored: stored, note: note, digest: digest) }
}

/// Entries in the order in which they came, linked through their slots.
struct SlotQueue {
    private(set) var oldest = CacheSlot.nowhere
    private var newest = CacheSlot.nowhere
    private(set) var count = 0
    var bytes = 0

    mutating func append(_ slot: Int32, in slots: inout [CacheSlot]) {
        slots[Int(slot)].newer = CacheSlot.nowhere
        slots[Int(slot)].older = newest
        if newest == CacheSlot.nowhere { oldest = slot } else { slots[Int(newest)].newer = slot }
        newest = slot
        count += 1
        bytes += slots[Int(slot)].size
    }

    mutating func remove(_ slot: Int32, in slots: inout [CacheSlot]) {
        let newer = slots[Int(slot)].newer
        let older = slots[Int(slot)].older
        if older == CacheSlot.nowhere { oldest = newer } else { slots[Int(older)].newer = newer }
        if newer == CacheSlot.nowhere { newest = older } else { slots[Int(newer)].older = older }
        count -= 1
        bytes -= slots[Int(slot)].size
    }
}
