/// Blocks of memory for the buffers of one event loop.
///
/// An idle connection holds no memory for bytes: it takes a block when there is something to read or to write and
/// gives it back when that is done. The pool belongs to one loop and is touched by its thread alone.
package final class BufferPool {
    /// The size of a block in bytes. One read fills one block at most.
    package static let blockSize = 16 * 1024
    /// The size of a small block: for an answer without much content, so that those of many connections lie together.
    package static let smallBlockSize = 1024

    /// Free blocks of one size.
    private struct FreeBlocks: ~Copyable {
        private let size: Int
        /// What comes back beyond so many is freed.
        private let kept: Int
        /// The one given back last; it begins with the address of the one before it.
        private var last: UnsafeMutableRawPointer?
        private var count = 0

        init(size: Int, kept: Int) {
            self.size = size
            self.kept = kept
        }

        deinit {
            var next = last
            while let block = next {
                next = block.load(as: UnsafeMutableRawPointer?.self)
                block.deallocate()
            }
        }

        mutating func take() -> UnsafeMutableRawPointer {
            guard let block = last else { return .allocate(byteCount: size, alignment: 16) }
            last = block.load(as: UnsafeMutableRawPointer?.self)
            count -= 1
            return block
        }

        mutating func give(_ block: UnsafeMutableRawPointer) {
            guard count < kept else { return block.deallocate() }
            block.storeBytes(of: last, as: UnsafeMutableRawPointer?.self)
            last = block
            count += 1
        }
    }

    // As many connections are read in one turn of a loop. Neither list calls out, and each is changed for every request.
    @exclusivity(unchecked) private var blocks = FreeBlocks(size: blockSize, kept: 256)
    @exclusivity(unchecked) private var smallBlocks = FreeBlocks(size: smallBlockSize, kept: 2048)

    package init() {}

    /// A block of at least `needed` bytes, at most ``blockSize``, and its size.
    fileprivate func take(_ needed: Int) -> (UnsafeMutableRawPointer, Int) {
        needed <= Self.smallBlockSize
            ? (smallBlocks.take(), Self.smallBlockSize) : (blocks.take(), Self.blockSize)
    }

    fileprivate func give(_ block: UnsafeMutableRawPointer, _ size: Int) {
        if size == Self.smallBlockSize { smallBlocks.give(block) } else { blocks.give(block) }
    }
}

/// Growable memory of one buffer: nothing, a block of the buffer's pool, or a larger piece of its own. The buffer has to
/// free it at its end.
struct BufferMemory: ~Copyable {
    private(set) var base: UnsafeMutableRawPointer?
    /// That of a larger piece is above the size of a block.
    private(set) var capacity = 0

    /// Grows to at least `needed` bytes and keeps the `used` first ones. It takes a block as long as one is large enough.
    mutating func grow(to needed: Int, keeping used: Range<Int>, from pool: BufferPool) {
        let next: UnsafeMutableRawPointer
        let size: Int
        if needed <= BufferPool.blockSize {
            (next, size) = pool.take(needed)
        } else {
            size = max(needed, capacity * 2)
            next = .allocate(byteCount: size, alignment: 16)
        }
        if let base, !used.isEmpty { next.copyMemory(from: base + used.lowerBound, byteCount: used.count) }
        release(to: pool)
        base = next
        capacity = size
    }

    mutating func release(to pool: BufferPool) {
        free(to: pool)
        base = nil
        capacity = 0
    }

    /// Gives it back for good: for the end of the buffer.
    func free(to pool: BufferPool) {
        guard let base else { return }
        if capacity <= BufferPool.blockSize { pool.give(base, capacity) } else { base.deallocate() }
    }
}
