import CisternBytes
import TestSupport
import Testing

@Suite struct InputBufferTests {
    static func content(_ buffer: borrowing InputBuffer) -> [UInt8] {
        buffer.readable.withUnsafeBufferPointer { Array($0) }
    }

    @Test func bytesComeOutInTheirOrder() {
        var buffer = InputBuffer(pool: BufferPool())
        buffer.append(([1, 2, 3] as [UInt8]).span)
        buffer.append(([4] as [UInt8]).span)
        buffer.consume(2)
        buffer.append(([5] as [UInt8]).span)
        let content = Self.content(buffer)
        #expect(content == [3, 4, 5])
    }

    @Test func freeSpaceIsAsLargeAsAskedFor() {
        var buffer = InputBuffer(pool: BufferPool())
        for minimum in [1, 100, BufferPool.blockSize, BufferPool.blockSize + 1, 100_000] {
            let filled = buffer.withFreeSpace(atLeast: minimum) { free in
                free.count >= minimum ? 1 : 0
            }
            #expect(filled == 1)
        }
        let count = buffer.count
        #expect(count == 5)
    }

    @Test func aReadThatBringsNothingChangesNothing() {
        var buffer = InputBuffer(pool: BufferPool())
        buffer.append(([1] as [UInt8]).span)
        let filled = buffer.withFreeSpace(atLeast: 10) { _ in 0 }
        let content = Self.content(buffer)
        #expect(filled == 0 && content == [1])
    }

    @Test func anEmptyBufferGivesItsBlockBackToThePool() {
        let pool = BufferPool()
        func address(_ buffer: inout InputBuffer) -> UnsafeRawPointer? {
            var address: UnsafeRawPointer?
            _ = buffer.withFreeSpace(atLeast: 1) { free in
                address = UnsafeRawPointer(free.baseAddress)
                return 0
            }
            return address
        }
        var first = InputBuffer(pool: pool)
        let block = address(&first)
        first.releaseIfEmpty()
        var second = InputBuffer(pool: pool)
        let reused = address(&second)
        #expect(reused == block)
        // The block is in use: a third buffer gets another.
        var third = InputBuffer(pool: pool)
        let other = address(&third)
        #expect(other != block)
    }

    @Test func aBufferWithBytesKeepsThem() {
        var buffer = InputBuffer(pool: BufferPool())
        buffer.append(([1, 2] as [UInt8]).span)
        buffer.consume(1)
        buffer.releaseIfEmpty()
        let content = Self.content(buffer)
        #expect(content == [2])
    }

    @Test(arguments: 1...6)
    func itIsWhatItsModelIs(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let pool = BufferPool()
        var buffer = InputBuffer(pool: pool)
        var model: [UInt8] = []
        for _ in 0..<500 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                let bytes = generator.bytes(
                    Int.random(in: 0...(Bool.random(using: &generator) ? 30 : 9000), using: &generator))
                buffer.append(bytes.span)
                model += bytes
            case 4..<9:
                let count = Int.random(in: 0...model.count, using: &generator)
                buffer.consume(count)
                model.removeFirst(count)
            default:
                buffer.releaseIfEmpty()
            }
            let content = Self.content(buffer)
            let count = buffer.count
            #expect(content == model && count == model.count)
        }
    }
}
