import CisternSockets
import Glibc
import TestSupport
import Testing

@Suite("Background writer", .blocking) struct BackgroundWriterTests {
    /// A pipe whose ends are closed with this value.
    private final class Pipe {
        let reading: CInt
        let writing: CInt

        init() throws {
            var ends: [CInt] = [0, 0]
            guard pipe(&ends) == 0 else { throw TestFailure(call: "pipe", error: errno) }
            (reading, writing) = (ends[0], ends[1])
        }

        deinit {
            close(reading)
            close(writing)
        }

        /// Reads so many bytes, or what there is before the end.
        func read(_ count: Int) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            var filled = 0
            while filled < count {
                let more = bytes[filled...].withUnsafeMutableBytes { Glibc.read(reading, $0.baseAddress, $0.count) }
                guard more > 0 else { break }
                filled += more
            }
            return Array(bytes[..<filled])
        }
    }

    @Test func piecesAreWrittenInOrder() throws {
        let pipe = try Pipe()
        let writer = BackgroundWriter(descriptor: pipe.writing)
        var expected: [UInt8] = []
        for number in 0..<1000 {
            let piece = Array("line \(number)\n".utf8)
            writer.write(piece)
            expected += piece
        }
        #expect(pipe.read(expected.count) == expected)
        #expect(eventually { writer.isIdle })
        #expect(writer.dropped == 0)
    }

    /// A reader who takes nothing costs the lines that there is no room for, and no time.
    @Test func aReaderWhoStallsHoldsUpNobody() throws {
        let pipe = try Pipe()
        let writer = BackgroundWriter(descriptor: pipe.writing, room: 100_000)
        let piece = [UInt8](repeating: 0x61, count: 1000)
        for _ in 0..<1000 { writer.write(piece) }
        #expect(!writer.isIdle)
        let kept = 1000 - writer.dropped
        // What the pipe takes, what is being written, and what waits; never a part of a piece.
        #expect((100...300).contains(kept))
        #expect(pipe.read(kept * 1000).allSatisfy { $0 == 0x61 })
        #expect(eventually { writer.isIdle })
        writer.write([0x62])
        #expect(pipe.read(1) == [0x62])
    }

    @Test func aDescriptorThatCannotBeWrittenCostsTheLinesAlone() throws {
        let writer = BackgroundWriter(descriptor: -1)
        writer.write([0x61])
        #expect(eventually { writer.dropped == 1 && writer.isIdle })
    }

    @Test func nothingIsLeftOfIt() throws {
        let pipe = try Pipe()
        func threads() throws -> Int { try namesInFolder("/proc/self/task").count }
        weak var last: BackgroundWriter?
        for number in 0..<50 {
            let writer = BackgroundWriter(descriptor: pipe.writing)
            writer.write([UInt8(number)])
            #expect(pipe.read(1) == [UInt8(number)])
            last = writer
        }
        #expect(eventually { last == nil })
        // Other tests of the process have threads of their own.
        #expect(try eventually { try namesInFolder("/proc/self/task").filter { isWriter($0) }.count < 25 })
    }

    private func isWriter(_ task: String) -> Bool {
        (try? readText("/proc/self/task/\(task)/comm"))?.hasPrefix("cistern-log") == true
    }
}
