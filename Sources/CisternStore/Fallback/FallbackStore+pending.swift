package import CisternBytes
internal import CisternLocks
internal import Synchronization

/// The writes that Redis has not taken yet.
extension FallbackStore {
    /// Numbers under which commands are in the air, and the order of acceptance.
    package func newNumber() -> UInt64 { lastID.wrappingAdd(1, ordering: .relaxed).newValue }

    /// When the value expires of a write that is to be kept.
    package enum RequestedExpiry: Sendable {
        case never
        case after(Duration)
        /// When the key would have; a new key after so long, or never.
        case keep(newKey: Duration?)
    }

    /// Keeps a write, in place of one that is kept for the key.
    ///
    /// - Parameters:
    ///   - value: Nil for a delete.
    ///   - accepted: From when on times to live count.
    ///   - sent: The numbers under which it is in the air already.
    /// - Returns: Whether there was room; if there was not, nothing has changed.
    package func keep(
        _ key: Bytes, _ place: Place, value: Bytes?, expiry: RequestedExpiry, accepted: Int64, sent: [UInt64] = []
    ) -> Bool {
        withShard(place) { shard in
            let old = shard.record(key)
            let copy = shard.copy(key, place.hash)
            let write = KeptWrite(
                id: newNumber(), value: value, expiry: resolve(expiry, accepted, old?.kept, copy), accepted: accepted)
            return change(key, &shard) { record in
                if let copy { record.noteCopy(copy.value) }
                record.keep(write, sent: sent)
            } isAllowed: { entries, bytes in
                entries <= limits.maxPending && bytes <= limits.maxPendingBytes
            } then: { shard in
                if old?.kept != nil { superseded.wrappingAdd(1, ordering: .relaxed) }
                // From now on the record stands for the key.
                shard.removeCopy(key, place.hash)
            }
        }
    }

    private func resolve(
        _ expiry: RequestedExpiry, _ accepted: Int64, _ old: KeptWrite?, _ copy: CacheEntry?
    ) -> KeptExpiry {
        switch expiry {
        case .never: return .never
        case .after(let ttl): return .at(Lifetime.expiry(after: ttl, from: accepted))
        case .keep(let newKey):
            let new = newKey.map { Lifetime.expiry(after: $0, from: accepted) }
            // A kept write is what the key holds; a deleted key is a new one.
            if let old, old.value(accepted) != nil { return old.expiry }
            if old != nil { return new.map { .at($0) } ?? .never }
            return .keep(known: copy.map(\.expiry), new: new)
        }
    }

    /// Notes a write that is in the air and is not kept.
    package func note(_ key: Bytes, _ place: Place, value: Bytes?, sent: [UInt64]) {
        withShard(place) { shard in
            let copy = shard.copy(key, place.hash)
            _ = change(key, &shard) { record in
                if let copy { record.noteCopy(copy.value) }
                record.note(value, sent: sent)
            } then: { shard in
                // It may be out of date.
                shard.removeCopy(key, place.hash)
            }
        }
    }

    /// Notes how a write in the air ended. True when a write was kept for the key and is over by that in a conflict.
    package func settle(_ key: Bytes, _ place: Place, _ number: UInt64, _ outcome: LateOutcome) -> Bool {
        withShard(place) { shard in
            guard let old = shard.record(key) else { return false }
            // What Redis holds now is another value than the copy's, and until when is not known.
            if outcome == .done, old.kept == nil { shard.removeCopy(key, place.hash) }
            var finished: (write: KeptWrite, isConflict: Bool)?
            _ = change(key, &shard) { finished = $0.settle(number, outcome) }
            return finish(key, place, finished, &shard)
        }
    }

    // MARK: Replay

    /// A kept write to be replayed.
    package struct Replay: Sendable {
        package let write: KeptWrite
        /// Nil to delete the key: also where the value's time is over.
        package let value: Bytes?
        /// What Redis may hold for it to go ahead.
        package let expected: [Bytes]
        /// How long the value lives from now on; nil for ever, or where `keepsTTL`.
        package let ttl: Duration?
        /// The key keeps the time to live that it has in Redis, and `ttl` is a new key's.
        package let keepsTTL: Bool
    }

    /// The keys that a replay can begin for, in the order in which their writes were accepted.
    package func replayable() -> [Bytes] {
        guard hasPending else { return [] }
        var all: [(key: Bytes, id: UInt64)] = []
        for shard in shards { all += shard.state.withLock { $0.kept() } }
        return all.sorted { $0.id < $1.id }.map(\.key)
    }

    /// Begins the replay of a key's kept write; nil when it cannot be replayed now.
    package func beginReplay(_ key: Bytes, _ place: Place) -> Replay? {
        let time = now()
        return withShard(place) { shard in
            guard shard.record(key)?.canReplay == true else { return nil }
            return shard.withRecord(key) { record in
                let expected = record.expected
                guard let write = record.beginReplay() else { return nil }
                let value = write.value(time)
                switch write.expiry {
                case .never: return Replay(write: write, value: value, expected: expected, ttl: nil, keepsTTL: false)
                case .at(let instant):
                    return Replay(
                        write: write, value: value, expected: expected, ttl: .nanoseconds(instant &- time),
                        keepsTTL: false)
                case .keep(let known, let new):
                    // What the key would have had if it were still there.
                    let end = known.map { $0 == Lifetime.never ? nil : $0 } ?? new
                    return Replay(
                        write: write, value: value, expected: expected,
                        ttl: end.map { .nanoseconds(max(1, $0 &- time)) }, keepsTTL: true)
                }
            }
        }
    }

    /// Whether nothing is kept for a key, and nothing that was sent for it may take effect yet.
    package func isSettled(_ key: Bytes, _ place: Place) -> Bool {
        withShard(place) { $0.record(key)?.holdsWrites != true }
    }

    package func isReplaying(_ key: Bytes, _ place: Place) -> Bool {
        withShard(place) { $0.record(key)?.replaying != nil }
    }

    /// Notes how a replay ended. True when it ended in a conflict.
    package func endReplay(_ key: Bytes, _ place: Place, _ write: KeptWrite, _ end: KeyRecord.ReplayEnd) -> Bool {
        withShard(place) { shard in
            var finished: (write: KeptWrite, isConflict: Bool)?
            _ = change(key, &shard) { finished = $0.endReplay(of: write, end) }
            return finish(key, place, finished, &shard)
        }
    }

    /// A kept write is over: what it left in Redis is what the key's copy is of now.
    private func finish(
        _ key: Bytes, _ place: Place, _ finished: (write: KeptWrite, isConflict: Bool)?, _ shard: inout FallbackShard
    ) -> Bool {
        guard let finished else { return false }
        let begin = shard.beginWrite(place.hash)
        let time = now()
        if finished.isConflict {
            conflicts.wrappingAdd(1, ordering: .relaxed)
        } else {
            completed.wrappingAdd(1, ordering: .relaxed)
        }
        if !finished.isConflict, let value = finished.write.value(time) {
            let stamp = CopyStamp(begin: begin, end: shard.endWrite(place.hash))
            shard.storeCopy(key, place.hash, value, expiry: finished.write.expiry.instant, stamp, time)
        } else {
            shard.removeCopy(key, place.hash)
            shard.endRemoval(place.hash, begun: begin)
        }
        return finished.isConflict
    }

    // MARK: Bounds

    /// Changes a key's record and what is counted of it, if that is allowed.
    func change(
        _ key: Bytes, _ shard: inout FallbackShard, _ body: (inout KeyRecord) -> Void,
        isAllowed: (_ entries: Int, _ bytes: Int) -> Bool = { _, _ in true },
        then: (inout FallbackShard) -> Void = { _ in }
    ) -> Bool {
        let old = shard.record(key)
        var new = old ?? KeyRecord()
        body(&new)
        let entries = (new.kept == nil ? 0 : 1) - (old?.kept == nil ? 0 : 1)
        let bytes = Self.cost(key, new) - (old.map { Self.cost(key, $0) } ?? 0)
        // Taken first and given back, since other shards take at the same time.
        let allEntries = pendingEntries.wrappingAdd(entries, ordering: .relaxed).newValue
        let allBytes = pendingBytes.wrappingAdd(bytes, ordering: .relaxed).newValue
        guard isAllowed(allEntries, allBytes) else {
            pendingEntries.wrappingSubtract(entries, ordering: .relaxed)
            pendingBytes.wrappingSubtract(bytes, ordering: .relaxed)
            return false
        }
        shard.withRecord(key) { $0 = new }
        then(&shard)
        return true
    }

    private static func cost(_ key: Bytes, _ record: KeyRecord) -> Int {
        record.isSettled ? 0 : key.count + record.bytes + keptOverhead
    }
}
