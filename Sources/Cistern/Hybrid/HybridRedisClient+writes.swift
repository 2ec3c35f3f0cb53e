package import CisternBytes
package import CisternRedis
internal import CisternStore

extension HybridRedisClient {
    /// Writes a value in one atomic step, or keeps it. After `limit` the fallback answers instead of Redis.
    ///
    /// - Parameter mayKeep: Whether it may be kept where Redis does not take it.
    package func put(
        _ key: Bytes, _ value: Bytes, expiry: KeyExpiry, _ limit: OperationLimit, mayKeep: Bool = true
    ) async throws(RedisError) -> WriteReceipt {
        try await write(key, Change(value: value, expiry: expiry), limit, mayKeep: mayKeep) {
            () async throws(RedisError) -> (WriteReceipt, FallbackStore.WriteEnd) in
            let result = try await self.redis.put(key, value, expiry: expiry, limit)
            return (WriteReceipt(storedIn: .redis, wasAbsent: result.isNew), .stored(value, ttl: expiry.ttl(result)))
        }
    }

    /// Deletes a key of any type, or keeps that it is to be deleted.
    package func delete(
        _ key: Bytes, _ limit: OperationLimit, mayKeep: Bool = true
    ) async throws(RedisError) -> WriteReceipt {
        try await write(key, Change(value: nil, expiry: .never), limit, mayKeep: mayKeep) {
            () async throws(RedisError) -> (WriteReceipt, FallbackStore.WriteEnd) in
            let wasThere = try await self.redis.delete(key, limit)
            return (WriteReceipt(storedIn: .redis, wasAbsent: !wasThere), .deleted)
        }
    }

    /// Writes a value, or deletes it where `value` is nil, if `condition` holds. Nothing is kept here: what Redis holds by then is
    /// not known.
    package func write(
        _ key: Bytes, _ value: Bytes?, expiry: KeyExpiry, if condition: Precondition, _ limit: OperationLimit
    ) async throws(RedisError) -> ConditionalResult {
        var result = ConditionalResult.missing
        _ = try await write(key, Change(value: value, expiry: expiry), limit, mayKeep: false) {
            () async throws(RedisError) -> (WriteReceipt, FallbackStore.WriteEnd) in
            result = try await self.redis.write(key, value, expiry: expiry, if: condition, limit)
            let end: FallbackStore.WriteEnd =
                switch result {
                case .failed: .failed
                case .missing: .deleted
                case .done(let put): value.map { .stored($0, ttl: expiry.ttl(put)) } ?? .deleted
                }
            return (WriteReceipt(storedIn: .redis, wasAbsent: nil), end)
        }
        return result
    }

    /// What is to become of a key.
    private struct Change {
        /// Nil to delete it.
        let value: Bytes?
        let expiry: KeyExpiry
        /// From when on its time to live counts.
        let accepted = MonotonicTime.now.nanoseconds
    }

    private func write(
        _ key: Bytes, _ change: Change, _ limit: OperationLimit, mayKeep: Bool,
        _ send: () async throws(RedisError) -> (WriteReceipt, FallbackStore.WriteEnd)
    ) async throws(RedisError) -> WriteReceipt {
        try checkOpen()
        guard config.isEnabled else { return try await send().0 }
        let place = store.place(of: key)
        while true {
            switch store.beginWrite(key, place) {
            case .replaying:
                let isOver = await replayer.wait(for: key, until: limit.deadline) { !store.isReplaying(key, place) }
                if isOver { continue }
                return try keep(key, place, change, mayKeep, instead: Self.waitsForReplay)
            case .keep: return try keep(key, place, change, mayKeep, instead: Self.waitsForReplay)
            case .send(let begin):
                do throws(RedisError) {
                    let (receipt, end) = try await send()
                    store.endWrite(key, place, begin: begin, end)
                    return receipt
                } catch {
                    // A key of another type holds no value that a copy could be of.
                    store.endWrite(key, place, begin: begin, error.serverCode == "WRONGTYPE" ? .deleted : .failed)
                    return try keep(key, place, change, mayKeep && error.leavesItToTheFallback, instead: error)
                }
            }
        }
    }

    /// Why a write is refused that may not be kept while another one is.
    private static let waitsForReplay = RedisError(
        .unavailable, phase: .queued, retry: .never, breakerEffect: .notCounted, obstacle: .earlierWrite,
        "an earlier write of the key waits for Redis")

    /// Keeps a change, or throws the error that stands for it. Either way it is watched what becomes of what was sent.
    private func keep(
        _ key: Bytes, _ place: FallbackStore.Place, _ change: Change, _ mayKeep: Bool, instead error: RedisError
    ) throws(RedisError) -> WriteReceipt {
        let sent = error.unanswered.map { (command: $0, number: store.newNumber()) }
        let numbers = sent.map(\.number)
        let isWanted = mayKeep && config.writes == .memory
        let isKept =
            isWanted
            && store.keep(
                key, place, value: change.value, expiry: .init(change.expiry), accepted: change.accepted, sent: numbers)
        if !isKept, !sent.isEmpty { store.note(key, place, value: change.value, sent: numbers) }
        for (command, number) in sent {
            // Weakly: the command may be kept by what the replayer keeps.
            command.onEnd { [weak store, weak replayer] end in
                _ = store?.settle(key, place, number, LateOutcome(end))
                replayer?.hurry()
            }
        }
        guard isKept else { throw isWanted ? error.withoutRoom : error }
        counters.writes.add()
        replayer.update()
        return WriteReceipt(storedIn: .local, wasAbsent: nil)
    }
}

extension RedisError {
    /// Whether the fallback answers in place of Redis: it is not there, or takes nothing at the moment.
    var leavesItToTheFallback: Bool {
        switch kind {
        case .connection, .timeout, .network, .tls, .protocol, .pool, .unavailable, .readOnly: true
        case .authentication: breakerEffect == .failure
        case .command: phase == .handshake
        case .outOfMemory, .cancelled: false
        }
    }
}

extension KeyExpiry {
    /// How long the key lives after a write with this expiry; nil for ever.
    fileprivate func ttl(_ result: PutResult) -> Duration? {
        switch self {
        case .never: nil
        case .after(let ttl): ttl
        case .keep: result.keptTTL?.left
        }
    }
}

extension LateOutcome {
    /// How a plain write ended.
    fileprivate init(_ end: UnansweredCommand.End) {
        switch end {
        case .dead: self = .dead
        case .answered(.error): self = .refused
        case .answered: self = .done
        }
    }
}

extension FallbackStore.RequestedExpiry {
    fileprivate init(_ expiry: KeyExpiry) {
        switch expiry {
        case .never: self = .never
        case .after(let ttl): self = .after(ttl)
        case .keep(let newKey): self = .keep(newKey: newKey)
        }
    }
}
