/// Finds slots by hash: a table with linear probing, each cell a hash and a slot.
///
/// A dictionary would hash the key again, although its shard was chosen by hash already, and would keep a second reference to it.
struct SlotIndex {
    /// The hash above, the slot and one below; 0 is empty. At least a quarter of the cells are.
    private var cells: [UInt64] = []
    private var mask = 0
    private var count = 0

    /// The slot of this hash that `matches`.
    func find(_ hash: UInt32, where matches: (Int) -> Bool) -> Int? {
        guard count > 0 else { return nil }
        var cell = Int(hash) & mask
        while cells[cell] != 0 {
            if Self.hash(cells[cell]) == hash {
                let slot = Self.slot(cells[cell])
                if matches(slot) { return slot }
            }
            cell = (cell + 1) & mask
        }
        return nil
    }

    mutating func insert(_ hash: UInt32, _ slot: Int) {
        if (count + 1) * 4 > cells.count * 3 { grow() }
        place(UInt64(hash) << 32 | UInt64(slot + 1))
        count += 1
    }

    mutating func remove(_ hash: UInt32, _ slot: Int) {
        let content = UInt64(hash) << 32 | UInt64(slot + 1)
        var hole = Int(hash) & mask
        while cells[hole] != content {
            guard cells[hole] != 0 else { return }
            hole = (hole + 1) & mask
        }
        count -= 1
        // What was pushed past the hole moves into it, so that no search ends before its goal.
        var cell = hole
        while true {
            cell = (cell + 1) & mask
            guard cells[cell] != 0 else { break }
            let home = Int(Self.hash(cells[cell])) & mask
            if (cell - home) & mask >= (cell - hole) & mask {
                cells[hole] = cells[cell]
                hole = cell
            }
        }
        cells[hole] = 0
    }

    private mutating func place(_ content: UInt64) {
        var cell = Int(Self.hash(content)) & mask
        while cells[cell] != 0 { cell = (cell + 1) & mask }
        cells[cell] = content
    }

    private mutating func grow() {
        let old = cells
        cells = Array(repeating: 0, count: max(16, old.count * 2))
        mask = cells.count - 1
        for content in old where content != 0 { place(content) }
    }

    private static func hash(_ cell: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: cell >> 32) }
    private static func slot(_ cell: UInt64) -> Int { Int(cell & 0xFFFF_FFFF) - 1 }
}
