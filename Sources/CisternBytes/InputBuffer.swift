/// Bytes that came from a socket and have not been parsed yet.
package struct InputBuffer: ~Copyable {
    private var memory = BufferMemory()
    private var start = 0
    private var end = 0
    private let pool: BufferPool

    package init(pool: BufferPool) {
        self.pool = pool
    }

    deinit { memory.free(to: pool) }

    package var count: Int { end - start }
    package var isEmpty: Bool { start == end }

    /// Calls `body` with free memory of at least `minimum` bytes; what it returns is how many of them it filled.
    package mutating func withFreeSpace(
        atLeast minimum: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int {
        makeRoom(minimum)
        guard let base = memory.base else { return 0 }
        let free = UnsafeMutableRawBufferPointer(start: base + end, count: memory.capacity - end)
        let filled = body(free)
        precondition(filled >= 0 && filled <= free.count, "a read filled more than its buffer")
        end += filled
        return filled
    }

    package mutating func append(_ bytes: Span<UInt8>) {
        _ = withFreeSpace(atLeast: bytes.count) { free in
            bytes.withUnsafeBytes { free.copyMemory(from: $0) }
            return bytes.count
        }
    }

    /// The unparsed bytes, valid while this buffer is not changed.
    package var readable: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            let bytes = UnsafeBufferPointer(
                start: memory.base.map { UnsafePointer(($0 + start).assumingMemoryBound(to: UInt8.self)) },
                count: end - start)
            return _overrideLifetime(bytes.span, borrowing: self)
        }
    }

    /// Appends unparsed bytes, counted from the first one, to an array.
    package func copy(_ range: Range<Int>, to array: inout [UInt8]) {
        readable.extracting(range).withUnsafeBufferPointer { array.append(contentsOf: $0) }
    }

    /// Drops the first `n` bytes: they have been parsed.
    package mutating func consume(_ n: Int) {
        precondition(n >= 0 && n <= count, "consumed more than there is")
        start += n
        if start == end {
            start = 0
            end = 0
        }
    }

    /// Gives the memory back when nothing is buffered, so that an idle connection costs none. The result is whether that is so.
    @discardableResult
    package mutating func releaseIfEmpty() -> Bool {
        guard isEmpty else { return false }
        memory.release(to: pool)
        return true
    }

    private mutating func makeRoom(_ minimum: Int) {
        if memory.capacity - end >= minimum, memory.base != nil { return }
        let used = count
        if memory.capacity - used >= minimum, let base = memory.base {
            // Moving what is left to the front is enough.
            base.copyMemory(from: base + start, byteCount: used)
        } else {
            memory.grow(to: used + minimum, keeping: start..<end, from: pool)
        }
        start = 0
        end = used
    }
}
