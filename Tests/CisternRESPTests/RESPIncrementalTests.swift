import CisternBytes
import CisternRESP
import TestSupport
import Testing

@Suite struct RESPIncrementalTests {
    @Test func noByteOfALineIsSearchedTwice() throws {
        var decoder = RESPDecoder(limits: .init())
        let line = [UInt8(ascii: "+")] + [UInt8](repeating: 0x61, count: 60_000) + [0x0D, 0x0A]
        var value: RESPValue?
        for byte in line {
            var consumed = 0
            let result = try decoder.decode([byte].span, consumed: &consumed)
            #expect(consumed == 1)
            if let result { value = result }
        }
        #expect(value == .simpleString(Bytes(line[1..<60_001])))
        let scanned = decoder.scanned
        #expect(scanned == 60_001)
    }

    @Test func aLargeStringFedByteByByteIsTakenByteByByte() throws {
        let content = [UInt8](repeating: 0x62, count: 1 << 20)
        let wire = Array("$\(content.count)\r\n".utf8) + content + [0x0D, 0x0A]
        var decoder = RESPDecoder(limits: .init())
        var value: RESPValue?
        var wrong = 0
        for (index, byte) in wire.enumerated() {
            var consumed = 0
            let result = try decoder.decode([byte].span, consumed: &consumed)
            if consumed != 1 || (result != nil) != (index == wire.count - 1) { wrong += 1 }
            if let result { value = result }
        }
        #expect(wrong == 0)
        #expect(value == .bulkString(Bytes(content)))
        // The header alone was searched for its end; the content never.
        let scanned = decoder.scanned
        #expect(scanned == 8)
    }

    @Test func theDecoderSaysHowMuchOfAStringIsMissing() throws {
        var decoder = RESPDecoder(limits: .init())
        var consumed = 0
        var missing: [Int] = [decoder.outstanding]
        for piece in ["$10\r\n", "abcd", "efghij", "\r", "\n"] {
            _ = try decoder.decode(Array(piece.utf8).span, consumed: &consumed)
            missing.append(decoder.outstanding)
        }
        #expect(missing == [0, 12, 8, 2, 1, 0])
    }

    @Test func aLongStringIsReadIntoItsPlace() throws {
        let content = [UInt8](unsafeUninitializedCapacity: 5 << 20) { buffer, count in
            for index in 0..<5 << 20 { buffer[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8) }
            count = 5 << 20
        }
        let wire = content + [0x0D, 0x0A]
        var decoder = RESPDecoder(limits: .init())
        var consumed = 0
        var isOpen = try decoder.decode(Array("$\(content.count)\r\n".utf8).span, consumed: &consumed) == nil
        #expect(isOpen)
        var position = 0
        var value: RESPValue?
        while value == nil, isOpen {
            let outstanding = decoder.outstanding
            #expect(outstanding == wire.count - position)
            let room = decoder.fill { array, room in
                // The most that a socket gives at once.
                let taken = min(room, 700_000)
                array.append(contentsOf: wire[position..<position + taken])
                position += taken
                return room
            }
            isOpen = room != nil
            // A record of TLS has to fit, or its rest would lie where nobody looks for it.
            #expect(room ?? 0 >= min(outstanding, BufferPool.blockSize))
            // What it takes beyond what has come is a mebibyte, or as much again.
            let reserved = decoder.reservedBytes
            #expect(reserved <= max(1 << 20, 2 * position) + 4096)
            value = try decoder.decode([UInt8]().span, consumed: &consumed)
        }
        #expect(value == .bulkString(Bytes(content)))
        let afterwards = decoder.fill { _, _ in true }
        #expect(afterwards == nil)
    }

    @Test func oneCallTakesOneReply() throws {
        let wire = Array("+a\r\n$1\r\nb\r\n*1\r\n:1\r\n+rest".utf8)
        var decoder = RESPDecoder(limits: .init())
        var taken: [Int] = []
        var position = 0
        while position < wire.count {
            var consumed = 0
            let value = try decoder.decode(wire.span.extracting(position..<wire.count), consumed: &consumed)
            position += consumed
            taken.append(consumed)
            #expect((value == nil) == (position == wire.count))
        }
        #expect(taken == [4, 7, 8, 5])
        let isWithinReply = decoder.isWithinReply
        #expect(isWithinReply)
    }

    @Test func nothingIsTakenFromNoInput() throws {
        var decoder = RESPDecoder(limits: .init())
        var consumed = 7
        #expect(try decoder.decode([UInt8]().span, consumed: &consumed) == nil)
        #expect(consumed == 0)
        let isWithinReply = decoder.isWithinReply
        #expect(!isWithinReply)
    }

    @Test func announcedLengthsReserveNoMemoryForThemselves() throws {
        // 32 decoders that each announce 512 MiB: memory for it would not exist on most machines' limits.
        var values = 0
        for _ in 0..<32 {
            var decoder = RESPDecoder(limits: .init())
            var consumed = 0
            let wire = Array("*4194303\r\n$536870912\r\na".utf8)
            if try decoder.decode(wire.span, consumed: &consumed) != nil { values += 1 }
            #expect(consumed == wire.count)
            let reserved = decoder.reservedBytes
            #expect(reserved > 0 && reserved <= 1 << 20 + 4096)
        }
        #expect(values == 0)
    }
}
