/// Tells whether a key may have been written since a moment, for many keys that share it.
///
/// It counts the beginnings and the ends of writes. A read that finds it unchanged at its end knows that no write of its key
/// was in progress that it could have missed. Sharing costs a copy that is not stored now and then, never a wrong one.
struct WriteClock {
    private var time: UInt64 = 0
    /// When a key was removed last.
    private var removal: UInt64 = 0

    var now: UInt64 { time }

    /// A write begins; the result is the time that it has from now on.
    mutating func begin() -> UInt64 {
        time += 1
        return time
    }

    mutating func end(isRemoval: Bool, of begin: UInt64) {
        time += 1
        if isRemoval { removal = max(removal, begin) }
    }

    /// Whether what a write left, which began at `begin`, is the last that is known: of writes whose order in Redis nobody
    /// knows, the one that began last counts. `copy` is when that began which the copy is of.
    func isLast(_ begin: UInt64, copy: UInt64?) -> Bool {
        time == begin || begin > removal && begin > copy ?? 0
    }
}
