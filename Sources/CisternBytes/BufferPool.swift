/// Blocks of memory for the buffers of one event loop.
///
/// An idle connection holds no memory for bytes: it takes a block when there is something to read or to write and
/// gives it back when that is done. The pool belongs to one loop and is touched by its thread alone.
package final class BufferPool {
    /// The size of every block, in bytes. One read fills one block at most.
    package static let blockSize = 16 * 1024
    /// Free blocks kept; what comes back beyond it is freed.
    private static let kept = 64

    /// The free block given back last; it begins with the address of the one before it.
    private var free: UnsafeMutableRawPointer?
    private var count = 0

    package init() {}

    deinit {
        while let block = free {
            free = block.load(as: UnsafeMutableRawPointer?.self)
            block.deallocate()
        }
    }

    func take() -> UnsafeMutableRawPointer {
        guard let block = free else { return .allocate(byteCount: Self.blockSize, alignment: 16) }
        free = block.load(as: UnsafeMutableRawPointer?.self)
        count -= 1
        return block
    }

    func give(_ block: UnsafeMutableRawPointer) {
        guard count < Self.kept else { return block.deallocate() }
        block.storeBytes(of: free, as: UnsafeMutableRawPointer?.self)
        free = block
        count += 1
    }
}

/// Growable memory of one buffer: nothing, a block of a pool, or a larger piece of its own.
struct BufferMemory: ~Copyable {
    private(set) var base: UnsafeMutableRawPointer?
    private(set) var capacity = 0
    /// Where a block goes back to. Nil for memory of its own.
    private var pool: BufferPool?

    init() {}

    deinit {
        if let base {
            if let pool { pool.give(base) } else { base.deallocate() }
        }
    }

    /// Grows to at least `needed` bytes and keeps the `used` first ones. The first growth takes a block of `source`.
    mutating func grow(to needed: Int, keeping used: Range<Int>, from source: BufferPool) {
        var next = BufferMemory()
        if needed <= BufferPool.blockSize {
            next.base = source.take()
            next.capacity = BufferPool.blockSize
            next.pool = source
        } else {
            let size = max(needed, capacity * 2)
            next.base = .allocate(byteCount: size, alignment: 16)
            next.capacity = size
        }
        if let base, let target = next.base, !used.isEmpty {
            target.copyMemory(from: base + used.lowerBound, byteCount: used.count)
        }
        self = next
    }

    mutating func release() {
        self = BufferMemory()
    }
}
