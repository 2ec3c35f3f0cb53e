package import CisternBytes
internal import CisternLocks
internal import Synchronization

/// Copies of what Redis holds, for when it cannot be asked, and the writes that it has not taken yet.
///
/// Any thread may use it. Each key belongs to one of several shards, and one short lock covers its copy, its write clock and
/// its record. Time is the monotonic clock's, in nanoseconds.
package final class FallbackStore: Sendable {
    /// Bytes that a kept write is counted for beyond its key and its values.
    package static let keptOverhead = 256

    final class Shard: Sendable {
        let state: Locked<FallbackShard>

        init(maxEntries: Int, maxBytes: Int) {
            state = Locked(FallbackShard(maxEntries: maxEntries, maxBytes: maxBytes))
        }
    }

    /// How much it holds.
    package struct Limits: Sendable, Hashable {
        package var maxEntries: Int
        package var maxBytes: Int
        /// How long after Redis last confirmed it a copy may serve.
        package var ttl: Duration
        /// The most kept writes, and the most bytes of them.
        package var maxPending: Int
        package var maxPendingBytes: Int
        /// The largest value that must find room.
        package var largestEntry: Int

        package init(
            maxEntries: Int, maxBytes: Int, ttl: Duration, maxPending: Int, maxPendingBytes: Int, largestEntry: Int
        ) {
            self.maxEntries = maxEntries
            self.maxBytes = maxBytes
            self.ttl = ttl
            self.maxPending = maxPending
            self.maxPendingBytes = maxPendingBytes
            self.largestEntry = largestEntry
        }
    }

    package let limits: Limits
    /// How long a copy may serve, in nanoseconds.
    private let copyLife: Int64
    let shards: [Shard]
    let now: @Sendable () -> Int64
    let pendingEntries = Atomic(0)
    let pendingBytes = Atomic(0)
    let lastID = Atomic<UInt64>(0)
    let completed = Atomic(0)
    let conflicts = Atomic(0)
    let superseded = Atomic(0)

    package init(_ limits: Limits, now: @escaping @Sendable () -> Int64 = { MonotonicTime.now.nanoseconds }) {
        self.limits = limits
        self.now = now
        copyLife = Lifetime.expiry(after: limits.ttl, from: 0)
        let count = LocalCache.shardCount(
            entries: max(0, limits.maxEntries), bytes: max(0, limits.maxBytes), largestEntry: limits.largestEntry)
        shards = zip(
            LocalCache.portions(of: max(0, limits.maxEntries), count),
            LocalCache.portions(of: max(0, limits.maxBytes), count)
        ).map { Shard(maxEntries: $0, maxBytes: $1) }
    }

    // MARK: Places

    /// Where a key belongs. It is hashed once for all the steps of an operation.
    package struct Place: Sendable {
        let shard: Int32
        let hash: UInt32
    }

    package func place(of key: Bytes) -> Place {
        let hash = LocalCache.hash(of: key)
        return Place(
            shard: Int32(truncatingIfNeeded: Int(truncatingIfNeeded: hash >> 32) & (shards.count - 1)),
            hash: UInt32(truncatingIfNeeded: hash))
    }

    @inline(__always)
    func withShard<Result>(_ place: Place, _ body: (inout FallbackShard) -> sending Result) -> sending Result {
        shards[Int(place.shard)].state.withLock { body(&$0) }
    }

    // MARK: Reads

    /// How a key's write clock stood when a read of it began.
    package struct ReadBegin: Sendable, Hashable {
        let writes: UInt32
        let readChanges: UInt32
    }

    /// What a read begins with.
    package enum ReadStart: Sendable {
        /// Redis is asked; what it began with is for `endRead`.
        case ask(begin: ReadBegin)
        /// A kept write stands for the key.
        case kept(LocalValue)
        /// Its replay is in progress: what the key will hold is about to be known.
        case replaying(LocalValue)
    }

    /// What this process knows of a key.
    package struct LocalValue: Sendable, Hashable {
        /// Nil for a key that was deleted.
        package let value: Bytes?
        /// How long it lives on, in nanoseconds, at least zero; nil for ever.
        package let left: Int64?
        /// How many nanoseconds ago Redis confirmed it, or this process accepted it.
        package let age: Int64
        /// Whether Redis has not taken it yet.
        package let isPending: Bool
        /// The digest of the value, once somebody has made it.
        package let digest: Digest160?
    }

    package func beginRead(_ key: Bytes, _ place: Place) -> ReadStart {
        withShard(place) { shard in
            guard let record = shard.record(key), let kept = record.kept else {
                let clock = shard.clock(place.hash)
                return .ask(begin: ReadBegin(writes: clock.now, readChanges: clock.readChanges))
            }
            let value = Self.local(kept, now())
            return record.replaying != nil ? .replaying(value) : .kept(value)
        }
    }

    /// Keeps a copy of what Redis holds, unless a write may have changed that since the read began.
    ///
    /// - Parameters:
    ///   - value: Nil where there is none.
    ///   - ttl: How long the value lives on; nil for ever.
    /// - Returns: The value, where it is that of the copy in the copy's memory, so that all who are sent it share one; and its
    ///   digest, where somebody has made it.
    @discardableResult
    package func endRead(
        _ key: Bytes, _ place: Place, begin: ReadBegin, value: Bytes?, ttl: Duration?
    ) -> (value: Bytes?, digest: Digest160?) {
        let time = now()
        return withShard(place) { shard in
            let clock = shard.clock(place.hash)
            let slot = shard.slot(key, place.hash)
            // That there is nothing is news as well: a read beside this one may bring what was there before.
            let same = slot.flatMap { shard.copies.slots[$0].value == value ? $0 : nil }
            let (value, digest) =
                same.map { (shard.copies.slots[$0].value, shard.copies.slots[$0].digest) } ?? (value, nil)
            let isNews = same.map { shard.copies.slots[$0].stored == .min } ?? true
            if isNews { shard.noteReadChange(place.hash) }
            guard clock.now == begin.writes else {
                // Another value than the copy's is newer than a copy from before, or may be that of a write in progress. Else it
                // is that from before a write which has ended, and the copy is newer.
                let mayBeWritten = clock.isWriting || shard.record(key)?.holdsWrites == true
                if let slot, isNews,
                    CopyStamp(shard.copies.slots[slot].note).end <= begin.writes || mayBeWritten
                {
                    shard.doubtCopy(key, place.hash)
                }
                return (value, digest)
            }
            // Another read has found something else meanwhile, and nobody knows which of the two came first to Redis.
            if isNews, clock.hasChanged(place.hash, since: begin.readChanges) {
                shard.doubtCopy(key, place.hash)
                return (value, digest)
            }
            if let record = shard.record(key) {
                guard record.kept == nil else { return (value, digest) }
                _ = change(key, &shard) { $0.noteHeld(value) }
            }
            if let value {
                let expiry = ttl.map { Lifetime.expiry(after: $0, from: time) } ?? Lifetime.never
                // What was read beside a write may be what was before it: the end of any write is newer.
                let stamp =
                    clock.isWriting ? CopyStamp(begin: 0, end: 0) : CopyStamp(begin: begin.writes, end: begin.writes)
                if let same {
                    shard.copies.renew(same, expiry: expiry, note: stamp.note, time)
                } else {
                    shard.storeCopy(key, place.hash, value, expiry: expiry, stamp, time)
                }
            } else {
                shard.removeCopy(key, place.hash)
            }
            return (value, digest)
        }
    }

    /// Keeps the digest that somebody has made of a value, for the next one who wants it.
    package func note(_ digest: Digest160, of value: Bytes, _ key: Bytes, _ place: Place) {
        withShard(place) { $0.copies.note(digest, of: value, key, place.hash) }
    }

    /// What this process can say of a key without Redis; nil where it knows nothing that is young enough.
    package func local(_ key: Bytes, _ place: Place) -> LocalValue? {
        let time = now()
        return withShard(place) { shard in
            if let kept = shard.record(key)?.kept { return Self.local(kept, time) }
            guard let copy = shard.use(key, place.hash, time),
                copy.stored > time - copyLife
            else { return nil }
            return LocalValue(
                value: copy.value, left: Self.left(copy.expiry, time), age: max(0, time - copy.stored),
                isPending: false, digest: copy.digest)
        }
    }

    private static func local(_ kept: KeptWrite, _ time: Int64) -> LocalValue {
        LocalValue(
            value: kept.value(time), left: left(kept.expiry.instant, time), age: max(0, time - kept.accepted),
            isPending: true, digest: nil)
    }

    private static func left(_ expiry: Int64, _ time: Int64) -> Int64? {
        expiry == .max ? nil : max(0, expiry - time)
    }

    // MARK: Writes

    /// What a plain write begins with.
    package enum WriteStart: Sendable {
        /// It is sent to Redis; the number is for `endWrite`.
        case send(begin: UInt32)
        /// Something that was sent for the key may still take effect, or a write is kept: this one has to be kept as well.
        case keep
        /// As `keep`, but a replay is in progress that is about to end.
        case replaying
    }

    package func beginWrite(_ key: Bytes, _ place: Place) -> WriteStart {
        withShard(place) { shard in
            if let record = shard.record(key), record.holdsWrites {
                return record.replaying != nil ? .replaying : .keep
            }
            return .send(begin: shard.beginWrite(place.hash))
        }
    }

    /// How a write ended that was sent.
    package enum WriteEnd: Sendable {
        /// Redis holds the value now, for so long; nil for ever.
        case stored(Bytes, ttl: Duration?)
        case deleted
        /// It was not carried out, or nobody knows.
        case failed

        var hasWritten: Bool { if case .failed = self { false } else { true } }
    }

    package func endWrite(_ key: Bytes, _ place: Place, begin: UInt32, _ end: WriteEnd) {
        let time = now()
        withShard(place) { shard in
            let record = shard.record(key)
            if record != nil { noteEnd(end, key, isAlone: shard.clock(place.hash).now == begin, &shard) }
            let copy = shard.copy(key, place.hash).map { CopyStamp($0.note) }
            let isLast = record?.kept == nil && shard.clock(place.hash).isLast(begin, over: copy)
            if !isLast, end.hasWritten, let copy, copy.begin < begin || copy.begin > shard.clock(place.hash).now {
                // Another key of the clock was removed since, or it has started over: the copy is older than this write.
                shard.doubtCopy(key, place.hash)
            }
            switch end {
            case .stored(let value, let ttl):
                let now = shard.endWrite(place.hash)
                let expiry = ttl.map { Lifetime.expiry(after: $0, from: time) } ?? Lifetime.never
                let stamp = CopyStamp(begin: begin, end: now)
                if isLast { shard.storeCopy(key, place.hash, value, expiry: expiry, stamp, time) }
            case .deleted:
                shard.endRemoval(place.hash, begun: begin)
                if isLast { shard.removeCopy(key, place.hash) }
            case .failed: _ = shard.endWrite(place.hash)
            }
        }
    }

    /// Tells the record of a key what an answered write has left in Redis.
    private func noteEnd(_ end: WriteEnd, _ key: Bytes, isAlone: Bool, _ shard: inout FallbackShard) {
        let value: Bytes?
        switch end {
        case .stored(let stored, _): value = stored
        case .deleted: value = nil
        case .failed: return
        }
        // With another write since, nobody knows which one Redis took last.
        _ = change(key, &shard) { if isAlone { $0.noteHeld(value) } else { $0.noteWritten(value) } }
    }

    // MARK: Statistics

    /// What it holds and has done.
    package struct Statistics: Sendable, Hashable {
        /// The copies.
        package var copies: LocalCache.Statistics
        package var pendingEntries: Int
        package var pendingBytes: Int
        /// Kept writes that Redis has taken.
        package var replayed: Int
        /// Kept writes that met another client's value.
        package var conflicts: Int
        /// Kept writes in whose place another one was kept.
        package var superseded: Int
    }

    package var statistics: Statistics {
        var copies = LocalCache.Statistics()
        for shard in shards { copies.add(shard.state.withLock { $0.copies.statistics }) }
        return Statistics(
            copies: copies, pendingEntries: pendingEntries.load(ordering: .relaxed),
            pendingBytes: pendingBytes.load(ordering: .relaxed), replayed: completed.load(ordering: .relaxed),
            conflicts: conflicts.load(ordering: .relaxed), superseded: superseded.load(ordering: .relaxed))
    }

    /// Whether a write is kept; one atomic read.
    package var hasPending: Bool { pendingEntries.load(ordering: .relaxed) > 0 }
}
