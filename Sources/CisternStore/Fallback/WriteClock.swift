/// Tells whether a key may have been written since a moment, for many keys that share it.
///
/// It counts the beginnings and the ends of writes. A read that finds it unchanged at its end knows that no write of its key
/// was in progress that it could have missed. Sharing costs a copy now and then, and never leaves a wrong one.
struct WriteClock {
    /// It starts over after four thousand million steps; what that costs is a copy or two.
    private(set) var now: UInt32 = 0
    /// When the removal of a key began that has ended last.
    private var removal: UInt32 = 0
    private var inProgress: UInt32 = 0
    /// Reads that found something else than the copy: another client has written, and of reads beside each other nobody knows
    /// which one saw it.
    private(set) var readChanges: UInt32 = 0
    /// The key of the last of them, and since when there was none of another: one that is read all the time must not spoil
    /// the copies of those it shares the clock with.
    private var changedKey: UInt32 = 0
    private var changedAloneSince: UInt32 = 0

    var isWriting: Bool { inProgress > 0 }

    mutating func noteReadChange(_ hash: UInt32) {
        if hash != changedKey { (changedKey, changedAloneSince) = (hash, readChanges) }
        readChanges &+= 1
    }

    /// Whether another read of the key may have found something else since.
    func hasChanged(_ hash: UInt32, since begin: UInt32) -> Bool {
        readChanges != begin && (changedKey == hash || Int32(bitPattern: begin &- changedAloneSince) < 0)
    }

    /// A write begins; the result is the time that it has from now on.
    mutating func begin() -> UInt32 {
        now &+= 1
        inProgress += 1
        return now
    }

    /// A write ends.
    mutating func end() {
        now &+= 1
        inProgress -= 1
    }

    /// A removal ends.
    mutating func endRemoval(begun begin: UInt32) {
        removal = max(removal, begin)
        end()
    }

    /// Whether a write that began at `begin` is the last that is known of: of writes whose order in Redis nobody knows, the one
    /// that began last counts.
    func isLast(_ begin: UInt32, over copy: CopyStamp?) -> Bool {
        now == begin || begin > removal && begin > copy?.begin ?? 0
    }
}

/// When the operation began and ended that a copy is of, by its key's write clock.
struct CopyStamp {
    let begin: UInt32
    let end: UInt32

    init(begin: UInt32, end: UInt32) {
        self.begin = begin
        self.end = end
    }

    init(_ note: UInt64) {
        self.init(begin: UInt32(truncatingIfNeeded: note >> 32), end: UInt32(truncatingIfNeeded: note))
    }

    /// As the cache keeps it.
    var note: UInt64 { UInt64(begin) << 32 | UInt64(end) }
}
