/// Which entries were dropped lately, by hash alone.
///
/// Buckets of four cells, each a hash and the number of the drop; how long ago it was says whether it still counts, so nothing
/// has to be taken out. A full bucket forgets its oldest. Nothing is allocated before the first drop.
struct GhostSet {
    private var cells: [UInt64] = []
    private var drops: UInt32 = 0

    /// Remembers a dropped entry among the last `capacity` ones.
    mutating func insert(_ hash: UInt32, capacity: Int) {
        if cells.count < capacity { cells = Array(repeating: 0, count: Self.size(capacity * 2)) }
        drops &+= 1
        var target = bucket(hash).lowerBound
        for cell in bucket(hash) {
            if cells[cell] == 0 || Self.hash(cells[cell]) == hash {
                target = cell
                break
            }
            if age(cells[cell]) > age(cells[target]) { target = cell }
        }
        cells[target] = UInt64(hash) << 32 | UInt64(drops)
    }

    /// Whether an entry of this hash was among the last `capacity` ones dropped; it is forgotten then.
    mutating func take(_ hash: UInt32, capacity: Int) -> Bool {
        guard !cells.isEmpty else { return false }
        for cell in bucket(hash) where cells[cell] != 0 && Self.hash(cells[cell]) == hash {
            let counts = age(cells[cell]) < capacity
            cells[cell] = 0
            return counts
        }
        return false
    }

    private func bucket(_ hash: UInt32) -> Range<Int> {
        let first = Int(hash) & (cells.count - 1) & ~3
        return first..<first + 4
    }

    private func age(_ cell: UInt64) -> Int { Int(drops &- UInt32(truncatingIfNeeded: cell)) }

    private static func hash(_ cell: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: cell >> 32) }

    private static func size(_ capacity: Int) -> Int {
        var size = 16
        while size < capacity { size *= 2 }
        return size
    }
}
