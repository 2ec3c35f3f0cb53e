import CisternBytes
import CisternRESP
import TestSupport
import Testing

@Suite struct RESPCommandTests {
    static func written(_ build: (inout OutputQueue) -> Void) -> String {
        var queue = OutputQueue(pool: BufferPool())
        build(&queue)
        return queue.withStretches(limit: 16) { stretches in
            String(decoding: stretches.flatMap { Array($0) }, as: UTF8.self)
        }
    }

    @Test func commandsAreArraysOfStrings() {
        let wire = Self.written {
            $0.appendRESPCommand(argumentCount: 5)
            $0.appendRESPBulk("SET" as StaticString)
            $0.appendRESPBulk(bytes: "k\r\n" as Bytes)
            $0.appendRESPBulk(text: "välue" as String)
            $0.appendRESPBulk(bytes: "" as Bytes)
            $0.appendRESPBulk(decimal: 60)
        }
        #expect(wire == "*5\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$6\r\nvälue\r\n$0\r\n\r\n$2\r\n60\r\n")
    }

    @Test func aCommandInOneCall() {
        #expect(Self.written { $0.appendRESPCommand(["GET", "key"]) } == "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n")
    }

    @Test(arguments: [0, 7, -1, 10, 99, 100, Int.max, Int.min])
    func numbersAreDecimalStrings(_ number: Int) {
        #expect(Self.written { $0.appendRESPBulk(decimal: number) } == "$\("\(number)".utf8.count)\r\n\(number)\r\n")
    }

    @Test func aLargeArgumentLiesBetweenItsHeaderAndItsEnd() throws {
        let value = Bytes([UInt8](repeating: 0x76, count: OutputQueue.referenceThreshold))
        let wire = Self.written { $0.appendRESPCommand(["SET", "k", value]) }
        #expect(
            try decodeRESP([Array(wire.utf8)]).values == [
                .array([.bulkString("SET"), .bulkString("k"), .bulkString(value)])
            ])
    }
}
