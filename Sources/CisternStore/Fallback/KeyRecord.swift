package import CisternBytes

/// When a kept write's value expires, as an instant of the store's clock.
package enum KeptExpiry: Sendable, Hashable {
    case never
    case at(Int64)
    /// When the key would have expired before; `known` is when, if this process knows. A key that is new by then expires at
    /// `new`, or never.
    case keep(known: Int64?, new: Int64?)

    /// When the value is over, as far as this process knows; the greatest instant means never.
    package var instant: Int64 {
        switch self {
        case .never: Lifetime.never
        case .at(let instant): instant
        case .keep(let known?, _): known
        case .keep(nil, let new): new ?? Lifetime.never
        }
    }
}

/// A write that Redis has not taken, and that this process has accepted for it.
package struct KeptWrite: Sendable, Hashable {
    /// Counts up over all keys: the order of acceptance.
    package let id: UInt64
    /// Nil for a delete.
    package let value: Bytes?
    package let expiry: KeptExpiry
    /// When it was accepted.
    package let accepted: Int64

    /// What the key holds now, if it is up to this write.
    package func value(_ now: Int64) -> Bytes? { expiry.instant > now ? value : nil }
}

/// How a write ended that was sent and whose answer did not come in time.
package enum LateOutcome: Sendable, Hashable {
    /// Redis has carried it out.
    case done
    /// Redis has refused it: nothing was done.
    case refused
    /// A replay that met another client's value.
    case conflict
    /// Its connection is dead: it was carried out before that, or never will be.
    case dead
}

/// What this process owes Redis for one key, and what it may assume of the key meanwhile. No I/O, no clock.
///
/// While there is a kept write, every operation on the key meets it first. It is replayed when none of the writes that were sent
/// for the key can take effect any more: what is sent later must not be overtaken by what was sent before.
package struct KeyRecord: Sendable {
    private struct Sent: Sendable {
        let number: UInt64
        let value: Bytes?
        /// The kept write that this is, if it was kept; another one may have taken its place.
        let keptID: UInt64?
    }

    package private(set) var kept: KeptWrite?
    /// Sent, and neither answered nor known to be dead.
    private var sent: [Sent] = []
    /// What Redis held when this process last knew; nil for nothing, or for not known.
    private var known: Bytes?
    /// What Redis may hold by writes of this process that it has not heard of.
    private var possible: [Bytes] = []
    /// The kept write whose replay is in progress.
    package private(set) var replaying: UInt64?
    /// How many of the possible values the replay in progress expects.
    private var expectedPossible = 0

    package init() {}

    /// Nothing is owed, nothing is in the air, and nothing is remembered that the next answer of Redis would not tell.
    package var isSettled: Bool { !holdsWrites && possible.isEmpty }

    /// A write of the key cannot be sent: another one is kept, or may take effect yet.
    package var holdsWrites: Bool { kept != nil || !sent.isEmpty || replaying != nil }

    package var canReplay: Bool { kept != nil && sent.isEmpty && replaying == nil }

    /// What Redis may hold for a replay to go ahead.
    package var expected: [Bytes] { (known.map { [$0] } ?? []) + possible }

    /// Bytes that it takes, beyond its key.
    package var bytes: Int { (kept?.value?.count ?? 0) + expected.reduce(0) { $0 + $1.count } }

    /// Keeps a write in place of the one that was kept. `sent`: the numbers under which it is in the air already.
    package mutating func keep(_ write: KeptWrite, sent numbers: [UInt64]) {
        kept = write
        for number in numbers { sent.append(Sent(number: number, value: write.value, keptID: write.id)) }
    }

    /// Notes a write that is in the air and was not kept: its client was told that it is not known what became of it.
    package mutating func note(_ value: Bytes?, sent numbers: [UInt64]) {
        for number in numbers { sent.append(Sent(number: number, value: value, keptID: nil)) }
    }

    /// Redis holds this, and no write is in the air that could change it. While a write is kept, what was known when it was
    /// accepted stands.
    package mutating func noteHeld(_ value: Bytes?) {
        guard kept == nil else { return }
        known = value
        if sent.isEmpty { possible = [] }
    }

    /// A copy says that Redis held this when the record was begun.
    package mutating func noteCopy(_ value: Bytes) { if kept == nil { known = value } }

    /// Redis may hold this by a write of this process.
    package mutating func noteWritten(_ value: Bytes?) {
        if let value, !possible.contains(value) { possible.append(value) }
    }

    /// Notes how a write in the air ended. The result is the kept write that is over by that, if one is.
    package mutating func settle(_ number: UInt64, _ outcome: LateOutcome) -> (write: KeptWrite, isConflict: Bool)? {
        guard let index = sent.firstIndex(where: { $0.number == number }) else { return nil }
        let ended = sent.remove(at: index)
        switch outcome {
        case .done:
            known = ended.value
            // There is no copy that would remember it.
            if kept == nil { noteWritten(ended.value) }
            return finish(ended.keptID, isConflict: false)
        case .conflict: return finish(ended.keptID, isConflict: true)
        case .dead: noteWritten(ended.value)
        case .refused: break
        }
        return nil
    }

    private mutating func finish(_ id: UInt64?, isConflict: Bool) -> (write: KeptWrite, isConflict: Bool)? {
        guard let write = kept, write.id == id else { return nil }
        kept = nil
        return (write, isConflict)
    }

    /// Begins the replay of the kept write; nil when it cannot be replayed now.
    package mutating func beginReplay() -> KeptWrite? {
        guard canReplay, let kept else { return nil }
        replaying = kept.id
        expectedPossible = possible.count
        return kept
    }

    /// How a replay ended.
    package enum ReplayEnd: Sendable, Hashable {
        case done
        case conflict
        /// It was not carried out, and never will be.
        case failed
        /// It is in the air, under this number.
        case unanswered(UInt64)
    }

    /// Notes how the replay ended that is in progress, of the write that it was begun with. The result is as of `settle`.
    package mutating func endReplay(of write: KeptWrite, _ end: ReplayEnd) -> (write: KeptWrite, isConflict: Bool)? {
        replaying = nil
        switch end {
        case .done:
            known = write.value
            possible.removeFirst(expectedPossible)
            return finish(write.id, isConflict: false)
        case .conflict:
            possible.removeFirst(expectedPossible)
            return finish(write.id, isConflict: true)
        case .failed: return nil
        case .unanswered(let number):
            sent.append(Sent(number: number, value: write.value, keptID: write.id))
            return nil
        }
    }
}
