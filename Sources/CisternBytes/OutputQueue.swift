/// Bytes on their way to a socket, in order.
///
/// Small pieces are copied behind each other; a large `Bytes` is kept by reference and written from where it lies.
package struct OutputQueue: ~Copyable {
    /// From this size on, a value is referred to and not copied.
    package static let referenceThreshold = 16 * 1024

    /// A large value that is written between two stretches of the copied bytes.
    private struct Insert {
        /// It comes after all copied bytes before this offset.
        var offset: Int
        var bytes: Bytes
        /// How much of it has been written.
        var written = 0
    }

    private var memory = BufferMemory()
    private var start = 0
    private var end = 0
    private var inserts: [Insert] = []
    private var firstInsert = 0
    private var inserted = 0
    private let pool: BufferPool

    package init(pool: BufferPool) {
        self.pool = pool
    }

    deinit { memory.free(to: pool) }

    /// Bytes that wait to be written.
    package var count: Int { end - start + inserted }
    package var isEmpty: Bool { count == 0 }

    /// Memory for copied bytes, and the size of all values that are referred to, for the tests that neither grows for ever.
    package var capacity: Int { memory.capacity }
    package var referencedBytes: Int { inserts.reduce(0) { $0 + $1.bytes.count } }

    // MARK: Appending

    package mutating func append(_ byte: UInt8) {
        reserve(1).storeBytes(of: byte, as: UInt8.self)
        end += 1
    }

    package mutating func append(_ text: StaticString) {
        let size = text.utf8CodeUnitCount
        reserve(size).copyMemory(from: text.utf8Start, byteCount: size)
        end += size
    }

    /// Appends a field line: a name, a colon, a value and the line's end.
    package mutating func append(line name: StaticString, _ value: StaticString) {
        let (nameSize, valueSize) = (name.utf8CodeUnitCount, value.utf8CodeUnitCount)
        let target = reserve(nameSize + valueSize + 4)
        end += nameSize + valueSize + 4
        target.copyMemory(from: name.utf8Start, byteCount: nameSize)
        target.storeBytes(of: 0x3A, toByteOffset: nameSize, as: UInt8.self)
        target.storeBytes(of: 0x20, toByteOffset: nameSize + 1, as: UInt8.self)
        (target + nameSize + 2).copyMemory(from: value.utf8Start, byteCount: valueSize)
        target.storeBytes(of: 0x0D, toByteOffset: nameSize + valueSize + 2, as: UInt8.self)
        target.storeBytes(of: 0x0A, toByteOffset: nameSize + valueSize + 3, as: UInt8.self)
    }

    // Labels, since a literal is to be a `StaticString`, which is written by the shortest way.
    package mutating func append(text: String) {
        var text = text
        text.withUTF8 { append(copying: UnsafeRawBufferPointer($0)) }
    }

    /// Appends a value: by copy when it is small, by reference when it is large.
    package mutating func append(value bytes: Bytes) {
        if bytes.count >= Self.referenceThreshold {
            inserts.append(Insert(offset: end, bytes: bytes))
            inserted += bytes.count
        } else {
            bytes.withUnsafeBytes { append(copying: $0) }
        }
    }

    package mutating func append(copying span: Span<UInt8>) {
        span.withUnsafeBytes { append(copying: $0) }
    }

    package mutating func append(copying bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count).copyMemory(from: source, byteCount: bytes.count)
        end += bytes.count
    }

    /// Appends so many bytes that `write` writes, between two constants.
    @inline(__always)
    mutating func append(
        _ before: StaticString, size: Int, _ after: StaticString, _ write: (UnsafeMutableRawPointer) -> Void
    ) {
        let (beforeSize, afterSize) = (before.utf8CodeUnitCount, after.utf8CodeUnitCount)
        let target = reserve(beforeSize + size + afterSize)
        end += beforeSize + size + afterSize
        target.copyMemory(from: before.utf8Start, byteCount: beforeSize)
        write(target + beforeSize)
        (target + beforeSize + size).copyMemory(from: after.utf8Start, byteCount: afterSize)
    }

    /// Appends a number in decimal digits, between two constants where these are given.
    package mutating func append(_ before: StaticString = "", decimal value: Int, _ after: StaticString = "") {
        var digits = 1
        var rest = value.magnitude
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        if value < 0 { digits += 1 }
        append(before, size: digits, after) { target in
            var position = digits
            var rest = value.magnitude
            repeat {
                position -= 1
                target.storeBytes(
                    of: UInt8(truncatingIfNeeded: rest % 10) &+ 0x30, toByteOffset: position, as: UInt8.self)
                rest /= 10
            } while rest > 0
            if value < 0 { target.storeBytes(of: 0x2D, toByteOffset: position - 1, as: UInt8.self) }
        }
    }

    // MARK: Writing

    /// Calls `body` with the bytes that wait, as at most `limit` stretches of memory in order, valid during the call.
    ///
    /// Without a result: a generic one would have its type looked up at every call.
    package func withStretches(limit: Int, _ body: (UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Void) {
        withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: limit) { stretches in
            var filled = 0
            var position = start
            var index = firstInsert
            while filled < limit {
                let next = index < inserts.count ? inserts[index].offset : end
                if position < next, let base = memory.base {
                    stretches.initializeElement(
                        at: filled, to: UnsafeRawBufferPointer(start: base + position, count: next - position))
                    filled += 1
                    position = next
                } else if index < inserts.count {
                    // The array keeps the bytes alive and in place: this value is borrowed throughout.
                    let insert = inserts[index]
                    insert.bytes.withUnsafeBytes {
                        stretches.initializeElement(
                            at: filled, to: UnsafeRawBufferPointer(rebasing: $0[insert.written...]))
                    }
                    filled += 1
                    index += 1
                } else {
                    break
                }
            }
            body(UnsafeBufferPointer(rebasing: stretches[..<filled]))
        }
    }

    /// Drops the first `n` bytes: they have been written.
    package mutating func consume(_ n: Int) {
        precondition(n >= 0 && n <= count, "consumed more than there is")
        var rest = n
        while rest > 0 {
            let next = firstInsert < inserts.count ? inserts[firstInsert].offset : end
            let copied = min(rest, next - start)
            start += copied
            rest -= copied
            guard rest > 0, firstInsert < inserts.count else { break }
            let left = inserts[firstInsert].bytes.count - inserts[firstInsert].written
            let taken = min(rest, left)
            inserts[firstInsert].written += taken
            inserted -= taken
            rest -= taken
            if taken == left { dropFirstInsert() }
        }
        if isEmpty { clear() }
    }

    /// A queue that never runs empty must not keep what it has written.
    private mutating func dropFirstInsert() {
        inserts[firstInsert].bytes = Bytes()
        firstInsert += 1
        if firstInsert >= 16, firstInsert * 2 >= inserts.count { removeWrittenInserts() }
    }

    private mutating func removeWrittenInserts() {
        inserts.removeFirst(firstInsert)
        firstInsert = 0
    }

    /// Drops everything that waits.
    package mutating func clear() {
        start = 0
        end = 0
        inserted = 0
        if !inserts.isEmpty {
            inserts.removeAll()
            firstInsert = 0
        }
    }

    /// Gives the memory back when nothing waits, so that an idle connection costs none.
    package mutating func releaseIfEmpty() {
        if isEmpty { memory.release(to: pool) }
    }

    private mutating func reserve(_ size: Int) -> UnsafeMutableRawPointer {
        if memory.capacity - end >= size, let base = memory.base { return base + end }
        return growAndReserve(size)
    }

    private mutating func growAndReserve(_ size: Int) -> UnsafeMutableRawPointer {
        let used = end - start
        if let base = memory.base, used <= start, memory.capacity - used >= size {
            // Enough has been written in front of what waits: a queue that never runs empty must not grow for ever.
            base.copyMemory(from: base + start, byteCount: used)
        } else {
            memory.grow(to: used + max(size, 1), keeping: start..<end, from: pool)
        }
        // Either way the waiting bytes are in front now; the inserts move with them.
        removeWrittenInserts()
        for index in inserts.indices { inserts[index].offset -= start }
        start = 0
        end = used
        guard let base = memory.base else { preconditionFailure("grown memory has a base") }
        return base + end
    }
}
