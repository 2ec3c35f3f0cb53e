import TestSupport
import Testing

@testable import CisternHTTP

@Suite struct LinearityTests {
    /// Counts what is looked at, in place of time.
    @Test func aHeadByteByByteCostsEachByteOnce() {
        let bytes = wire(
            "GET /\(String(repeating: "a", count: 8000)) HTTP/1.1¶Host: h¶A: \(String(repeating: "b", count: 16000))¶¶")
        var parser = HTTPRequestParser()
        let head = HTTPRequestHead()
        var consumed = 0
        for count in 1..<bytes.count {
            let outcome = parser.parseHead(bytes.span.extracting(..<count), into: head, consumed: &consumed)
            guard outcome == .incomplete else {
                Issue.record("\(outcome) after \(count) bytes")
                return
            }
        }
        #expect(parser.parseHead(bytes.span, into: head, consumed: &consumed) == .complete)
        #expect(consumed == bytes.count)
        #expect(parser.work == bytes.count)
    }

    @Test func chunkAndTrailerLinesByteByByteCostEachByteOnce() {
        let bytes = wire("1;\(String(repeating: "a", count: 900))¶x¶0¶A: \(String(repeating: "b", count: 9000))¶¶")
        var body = HTTPBodyParser(.chunked, limit: 10)
        var consumed = 0
        var event = HTTPBodyEvent.incomplete
        for count in 1...bytes.count {
            repeat {
                event = body.next(bytes.span.extracting(..<count), consumed: &consumed)
            } while event != .incomplete && event != .finished
        }
        #expect(event == .finished)
        #expect(consumed == bytes.count)
        // The chunk's content and the CRLF behind it are not searched.
        #expect(body.work == bytes.count - 3)
    }
}
