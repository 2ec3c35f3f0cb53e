import TestSupport
import Testing

@testable import CisternHTTP

@Suite struct LimitTests {
    @Test(arguments: ["GET", "OPTIONS"])
    func aTargetOfTheLimitIsRead(_ method: String) {
        let bytes = wire("\(method) /\(String(repeating: "a", count: 8191)) HTTP/1.1¶Host: h:1¶¶")
        for pieces in [[bytes], bytes.map { [$0] }] {
            let events = transcript(pieces)
            #expect(events.count == 1 && events[0].hasPrefix(method))
        }
    }

    @Test(arguments: [8193, 8196, 8197, 8300, 20000])
    func aLongerTargetIs414(_ size: Int) {
        let bytes = wire("GET /\(String(repeating: "a", count: size - 1)) HTTP/1.1¶Host: h¶¶")
        for pieces in [[bytes], bytes.map { [$0] }] { #expect(transcript(pieces) == ["414 targetTooLong"]) }
    }

    /// A client that never ends its line is told so when the limit is passed, not when time is up.
    @Test func anEndlessRequestLineIsRefusedAtTheLimit() {
        let limit = HTTPLimits().target + 7 + 12
        let target = wire("GET /" + String(repeating: "a", count: 9000))
        #expect(transcript([Array(target[..<(limit - 1)])]) == ["waiting \(limit - 1)"])
        #expect(transcript([Array(target[..<limit])]) == ["414 targetTooLong"])
        #expect(transcript([wire(String(repeating: "A", count: limit))]) == ["501 unknownMethod"])
        for method in ["FOO", "CONNECT"] {
            #expect(
                transcript([wire("\(method) /" + String(repeating: "a", count: limit))]) == ["501 unknownMethod"])
        }
        #expect(transcript([wire("GET(" + String(repeating: "a", count: limit))]) == ["400 malformedRequestLine"])
    }

    /// Host line 9 bytes, empty line 2, filler line the rest.
    private func head(fieldSection size: Int) -> [UInt8] {
        wire("GET / HTTP/1.1¶Host: h¶A: \(String(repeating: "b", count: size - 9 - 2 - 5))¶¶")
    }

    @Test(arguments: [0, 1, 2, 3])
    func aFieldSectionOfTheLimitIsReadAndALongerOneIs431(_ excess: Int) {
        let bytes = head(fieldSection: 16 * 1024 + excess)
        let expected = excess == 0 ? ["GET / @h"] : ["431 fieldsTooLarge"]
        for pieces in [[bytes], bytes.map { [$0] }] { #expect(transcript(pieces) == expected) }
    }

    @Test func anEndlessFieldIsRefusedAtTheLimit() {
        let bytes = wire("GET / HTTP/1.1¶A: " + String(repeating: "b", count: 20000))
        let limit = 16 + 16 * 1024
        #expect(transcript([Array(bytes[..<(limit - 1)])]) == ["waiting \(limit - 1)"])
        #expect(transcript([Array(bytes[..<limit])]) == ["431 fieldsTooLarge"])
    }

    @Test func oneHundredFieldsAreReadAndNotOneMore() {
        let fields = String(repeating: "A: b¶", count: 99)
        #expect(transcript([wire("GET / HTTP/1.1¶Host: h¶\(fields)¶")]) == ["GET / @h"])
        #expect(transcript([wire("GET / HTTP/1.1¶Host: h¶\(fields)A: b¶¶")]) == ["431 tooManyFields"])
    }

    private let start = "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶"

    @Test(arguments: [(1024, true), (1025, false)])
    func aChunkLineHasALimit(_ size: Int, _ fits: Bool) {
        let line = "0;" + String(repeating: "a", count: size - 4) + "¶"
        let bytes = wire("\(start)\(line)¶")
        let expected = ["PUT / @h chunked", fits ? "body " : "400 chunkExtensionsTooLarge"]
        for pieces in [[bytes], bytes.map { [$0] }] { #expect(transcript(pieces) == expected) }
    }

    @Test(arguments: [(16, true), (17, false)])
    func theExtensionsOfABodyHaveALimitTogether(_ chunks: Int, _ fits: Bool) {
        // 16 of 1000 fit into 16 KiB with the last line's none.
        let chunk = "1;" + String(repeating: "a", count: 999) + "¶x¶"
        let bytes = wire("\(start)\(String(repeating: chunk, count: chunks))0¶¶")
        #expect(
            transcript([bytes]).last
                == (fits ? "body \(String(repeating: "x", count: chunks))" : "400 chunkExtensionsTooLarge"))
    }

    @Test(arguments: [(0, true), (1, false)])
    func theTrailerSectionHasALimit(_ excess: Int, _ fits: Bool) {
        let filler = String(repeating: "b", count: 16 * 1024 - 2 - 5 + excess)
        let bytes = wire("\(start)0¶A: \(filler)¶¶")
        let expected = ["PUT / @h chunked", fits ? "body " : "431 trailersTooLarge"]
        for pieces in [[bytes], bytes.map { [$0] }] { #expect(transcript(pieces) == expected) }
    }

    @Test func manyTrailersAreBoundedTogether() {
        let trailers = String(repeating: "A: \(String(repeating: "b", count: 95))¶", count: 170)
        #expect(transcript([wire("\(start)0¶\(trailers)¶")]) == ["PUT / @h chunked", "431 trailersTooLarge"])
    }

    @Test func contentOfTheLimitIsReadAndALongerOneIs413() {
        let ten = "0123456789"
        let length = "PUT / HTTP/1.1¶Host: h¶Content-Length: "
        #expect(transcript([wire("\(length)10¶¶\(ten)")], bodyLimit: 10).last == "body \(ten)")
        #expect(transcript([wire("\(length)11¶¶")], bodyLimit: 10).last == "413 contentTooLarge")
        #expect(transcript([wire("\(start)4¶0123¶6¶456789¶0¶¶")], bodyLimit: 10).last == "body \(ten)")
        #expect(transcript([wire("\(start)4¶0123¶7¶")], bodyLimit: 10).last == "413 contentTooLarge")
        #expect(transcript([wire("\(start)0¶¶")], bodyLimit: 0).last == "body ")
        #expect(transcript([wire("\(start)1¶")], bodyLimit: 0).last == "413 contentTooLarge")
    }

    @Test func aRejectionIsForGood() {
        var parser = HTTPRequestParser()
        let head = HTTPRequestHead()
        var consumed = 0
        let bad = wire("GET  / HTTP/1.1¶¶")
        #expect(parser.parseHead(bad.span, into: head, consumed: &consumed) == .rejected(.malformedRequestLine))
        let good = wire("GET / HTTP/1.1¶Host: h¶¶")
        #expect(parser.parseHead(good.span, into: head, consumed: &consumed) == .rejected(.malformedRequestLine))
        #expect(consumed == 0)
    }
}
