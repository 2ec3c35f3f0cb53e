import CisternBytes
import TestSupport
import Testing

@Suite struct OutputQueueTests {
    static func content(_ queue: borrowing OutputQueue, limit: Int = 10_000) -> [UInt8] {
        queue.withStretches(limit: limit) { $0.flatMap { Array($0) } }
    }

    static func stretches(_ queue: borrowing OutputQueue, limit: Int) -> [Int] {
        queue.withStretches(limit: limit) { $0.map(\.count) }
    }

    static func large(_ byte: UInt8, _ count: Int = OutputQueue.referenceThreshold) -> Bytes {
        Bytes([UInt8](repeating: byte, count: count))
    }

    @Test func everythingIsWrittenInItsOrder() {
        var queue = OutputQueue(pool: BufferPool())
        queue.append(UInt8(ascii: "a"))
        queue.append("b\r\n" as StaticString)
        queue.append(text: "cä" as String)
        queue.append(value: "d" as Bytes)
        queue.append(copying: ([0x65] as [UInt8]).span)
        queue.append(value: "" as Bytes)
        queue.append(text: "" as String)
        let text = String(decoding: Self.content(queue), as: UTF8.self)
        #expect(text == "ab\r\ncäde")
        let count = queue.count
        #expect(count == 9)
    }

    @Test(arguments: [0, 1, -1, 9, 10, -10, 1234567890, Int.max, Int.min])
    func numbersAreDecimal(_ number: Int) {
        var queue = OutputQueue(pool: BufferPool())
        queue.append(decimal: number)
        queue.append("a: ", decimal: number, "\r\n")
        let text = String(decoding: Self.content(queue), as: UTF8.self)
        #expect(text == "\(number)a: \(number)\r\n")
        let count = queue.count
        #expect(count == text.utf8.count)
    }

    @Test func aDigestIsInHexadecimalBetweenConstants() {
        let digest = [UInt8](0x5E..<0x5E + 19) + [0xFA]
        let hex = "5e5f606162636465666768696a6b6c6d6e6f70fa"
        digest.withUnsafeBytes { bytes in
            var queue = OutputQueue(pool: BufferPool())
            queue.append("ETag: \"", hex: Digest160(bytes), "\"\r\n")
            queue.append(hex: Digest160(bytes))
            let text = String(decoding: Self.content(queue), as: UTF8.self)
            #expect(text == "ETag: \"\(hex)\"\r\n\(hex)")
            #expect(Digest160(bytes).hex.string == hex)
        }
    }

    @Test func aLineHasItsNameAndItsValue() {
        var queue = OutputQueue(pool: BufferPool())
        queue.append(line: "Name", "value")
        queue.append(line: "N", "")
        let text = String(decoding: Self.content(queue), as: UTF8.self)
        #expect(text == "Name: value\r\nN: \r\n")
    }

    @Test func largeValuesAreWrittenFromWhereTheyLie() {
        var queue = OutputQueue(pool: BufferPool())
        let value = Self.large(1)
        queue.append("head" as StaticString)
        queue.append(value: value)
        queue.append("tail" as StaticString)
        let isInPlace = queue.withStretches(limit: 3) { stretches in
            value.withUnsafeBytes { $0.baseAddress == stretches[1].baseAddress }
        }
        #expect(isInPlace)
        let sizes = Self.stretches(queue, limit: 3)
        #expect(sizes == [4, value.count, 4])
    }

    @Test func valuesBelowTheThresholdAreCopiedTogether() {
        var queue = OutputQueue(pool: BufferPool())
        queue.append("head" as StaticString)
        queue.append(value: Self.large(1, OutputQueue.referenceThreshold - 1))
        let sizes = Self.stretches(queue, limit: 3)
        #expect(sizes == [OutputQueue.referenceThreshold + 3])
    }

    @Test func stretchesAreAtMostAsManyAsAskedFor() {
        var queue = OutputQueue(pool: BufferPool())
        for byte in 1...4 {
            queue.append(UInt8(byte))
            queue.append(value: Self.large(UInt8(byte)))
        }
        for limit in 1...8 {
            let sizes = Self.stretches(queue, limit: limit)
            #expect(sizes == (0..<limit).map { $0 % 2 == 0 ? 1 : OutputQueue.referenceThreshold })
        }
        let sizes = Self.stretches(queue, limit: 20)
        #expect(sizes.count == 8)
    }

    @Test func aWriteCanEndWithinALargeValue() {
        var queue = OutputQueue(pool: BufferPool())
        queue.append("ab" as StaticString)
        queue.append(value: Self.large(1))
        queue.append(value: Self.large(2))
        queue.consume(2 + OutputQueue.referenceThreshold + 5)
        let sizes = Self.stretches(queue, limit: 5)
        #expect(sizes == [OutputQueue.referenceThreshold - 5])
        queue.consume(OutputQueue.referenceThreshold - 5)
        let isEmpty = queue.isEmpty
        #expect(isEmpty)
    }

    @Test func clearingDropsEverything() {
        var queue = OutputQueue(pool: BufferPool())
        queue.append("ab" as StaticString)
        queue.append(value: Self.large(1))
        queue.clear()
        let isEmpty = queue.isEmpty
        #expect(isEmpty)
        queue.append("c" as StaticString)
        let content = Self.content(queue)
        #expect(content == [UInt8(ascii: "c")])
    }

    @Test func aQueueThatNeverRunsEmptyKeepsItsMemory() {
        var queue = OutputQueue(pool: BufferPool())
        let piece = [UInt8](repeating: 1, count: 10_000)
        queue.append(copying: piece.span)
        queue.append(copying: piece.span)
        for _ in 0..<5000 {
            queue.append(copying: piece.span)
            queue.consume(piece.count)
        }
        let capacity = queue.capacity
        let count = queue.count
        #expect(count == 20_000)
        #expect(capacity <= 160_000)
    }

    @Test func aQueueThatNeverRunsEmptyLetsGoOfWhatItHasWritten() {
        var queue = OutputQueue(pool: BufferPool())
        queue.append(value: Self.large(0))
        for round in 1...1000 {
            queue.append(value: Self.large(UInt8(round % 256)))
            queue.consume(OutputQueue.referenceThreshold)
        }
        let held = queue.referencedBytes
        #expect(held == OutputQueue.referenceThreshold)
    }

    @Test(arguments: 1...8)
    func itIsWhatItsModelIs(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var queue = OutputQueue(pool: BufferPool())
        var model: [UInt8] = []
        for round in 0..<500 {
            switch Int.random(in: 0..<12, using: &generator) {
            case 0:
                queue.append(UInt8(truncatingIfNeeded: round))
                model.append(UInt8(truncatingIfNeeded: round))
            case 1:
                queue.append("static" as StaticString)
                model += "static".utf8
            case 2:
                queue.append(text: "text \(round)" as String)
                model += "text \(round)".utf8
            case 3:
                let number = Int(truncatingIfNeeded: generator.next())
                queue.append(decimal: number)
                model += "\(number)".utf8
            case 4, 5:
                let bytes = generator.bytes(Int.random(in: 0...3000, using: &generator))
                queue.append(copying: bytes.span)
                model += bytes
            case 6:
                let size = Int.random(in: -3...3, using: &generator) + OutputQueue.referenceThreshold
                let bytes = generator.bytes(size)
                queue.append(value: Bytes(bytes))
                model += bytes
            case 7..<11:
                let count = Int.random(in: 0...min(model.count, 30_000), using: &generator)
                queue.consume(count)
                model.removeFirst(count)
            default:
                if model.count > 200_000 || round % 50 == 0 {
                    queue.consume(model.count)
                    model = []
                }
                queue.releaseIfEmpty()
            }
            let content = Self.content(queue)
            let count = queue.count
            let isEmpty = queue.isEmpty
            #expect(content == model && count == model.count && isEmpty == model.isEmpty)
            if content != model { return }
        }
    }

    @Test func whatOutgrowsASmallBlockKeepsItsBytes() {
        var queue = OutputQueue(pool: BufferPool())
        queue.append(value: Self.large(1, BufferPool.smallBlockSize - 1))
        let small = queue.capacity
        queue.append(value: Self.large(2, 3))
        let content = Self.content(queue)
        let large = queue.capacity
        #expect(small == BufferPool.smallBlockSize && large == BufferPool.blockSize)
        #expect(content == [UInt8](repeating: 1, count: BufferPool.smallBlockSize - 1) + [2, 2, 2])
        queue.consume(queue.count)
        queue.releaseIfEmpty()
        queue.append(value: Self.large(3, 3))
        let again = queue.capacity
        #expect(again == BufferPool.smallBlockSize)
    }
}
