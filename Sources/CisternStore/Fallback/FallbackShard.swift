internal import CisternBytes

/// The keys of one shard: their copies, their write clocks, and what is owed to Redis for them. Its owner holds the shard's lock.
struct FallbackShard: ~Copyable {
    private static let clocks = 1024

    var copies: CacheShard
    private var records: [Bytes: KeyRecord] = [:]
    private var clocks = [WriteClock](repeating: WriteClock(), count: clocks)

    init(maxEntries: Int, maxBytes: Int) {
        copies = CacheShard(maxEntries: maxEntries, maxBytes: maxBytes)
    }

    var hasRecords: Bool { !records.isEmpty }

    func record(_ key: Bytes) -> KeyRecord? { records.isEmpty ? nil : records[key] }

    /// Changes the record of a key, which is made if there is none, and forgets it when it is settled.
    mutating func withRecord<Result>(_ key: Bytes, _ body: (inout KeyRecord) -> Result) -> Result {
        var record = records.removeValue(forKey: key) ?? KeyRecord()
        let result = body(&record)
        if !record.isSettled { records[key] = record }
        return result
    }

    /// Where the copy of a key lies, however old.
    mutating func slot(_ key: Bytes, _ hash: UInt32) -> Int? { copies.live(key, hash, { .min }) }

    /// The copy of a key, however old.
    mutating func copy(_ key: Bytes, _ hash: UInt32) -> CacheEntry? {
        slot(key, hash).map { copies.slots[$0].entry }
    }

    /// The copy of a key that Redis would still have, for a read that is counted.
    mutating func use(_ key: Bytes, _ hash: UInt32, _ now: Int64) -> CacheEntry? {
        copies.use(key, hash, { now }).map { copies.slots[$0].entry }
    }

    /// Keeps a copy from serving. It stays what Redis held when this process last knew.
    mutating func doubtCopy(_ key: Bytes, _ hash: UInt32) {
        if let slot = slot(key, hash) { copies.slots[slot].stored = .min }
    }

    mutating func removeCopy(_ key: Bytes, _ hash: UInt32) {
        if let slot = slot(key, hash) { copies.delete(slot) }
    }

    mutating func storeCopy(
        _ key: Bytes, _ hash: UInt32, _ value: Bytes, expiry: Int64, _ stamp: CopyStamp, _ now: Int64
    ) {
        let old = slot(key, hash)
        let entry = CacheEntry(value: value, expiry: expiry, stored: now, note: stamp.note)
        if copies.store(key, hash, over: old, entry, now) == .refused, let old { copies.delete(old) }
    }

    func clock(_ hash: UInt32) -> WriteClock { clocks[clockIndex(hash)] }

    private func clockIndex(_ hash: UInt32) -> Int { Int(hash) & (Self.clocks - 1) }

    mutating func beginWrite(_ hash: UInt32) -> UInt32 { clocks[clockIndex(hash)].begin() }

    /// The result is the time from now on.
    mutating func endWrite(_ hash: UInt32) -> UInt32 {
        clocks[clockIndex(hash)].end()
        return clock(hash).now
    }

    mutating func endRemoval(_ hash: UInt32, begun begin: UInt32) {
        clocks[clockIndex(hash)].endRemoval(begun: begin)
    }

    /// A read has found something else than the copy says.
    mutating func noteReadChange(_ hash: UInt32) { clocks[clockIndex(hash)].noteReadChange(hash) }

    /// The kept writes of the shard, for those who replay them.
    func kept() -> [(key: Bytes, id: UInt64)] {
        records.compactMap { key, record in
            guard record.canReplay, let kept = record.kept else { return nil }
            return (key, kept.id)
        }
    }
}
