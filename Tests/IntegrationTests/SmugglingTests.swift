import CisternBytes
import TestSupport
import Testing

/// A request that two readers could end at different places, with another one hidden in it.
struct SmugglingCase: Sendable, CustomTestStringConvertible {
    let section: String
    let name: String
    /// As ``wire(_:)`` has it; `HIDDEN` stands for the request that deletes the victim.
    let raw: String

    /// A PUT with these field lines behind its `Host`, and what follows its head.
    init(_ section: String, _ name: String, _ lines: String, _ rest: String) {
        self.init(section, name, raw: "PUT /keys/smuggler HTTP/1.1¶Host: localhost¶\(lines)¶¶\(rest)")
    }

    init(_ section: String, _ name: String, raw: String) {
        self.section = "RFC \(section)"
        self.name = name
        self.raw = raw
    }

    /// Always of this length, so that a case can count it: 35 in hexadecimal.
    static let hiddenLength = 53

    /// What is sent before the hidden request, and what from there on.
    func pieces(victim: String) -> [Bytes] {
        let hidden = "DELETE \(victim) HTTP/1.1¶Host: localhost¶¶"
        let parts = raw.split(separator: "HIDDEN", maxSplits: 1, omittingEmptySubsequences: false)
        return [Bytes(wire(String(parts[0]))), Bytes(wire(hidden + parts[1]))]
    }

    var testDescription: String { "\(name) (\(section))" }

    static let all: [SmugglingCase] = lengths + codings + chunks + heads

    private static let lengths: [SmugglingCase] = [
        .init("9112 §6.1", "CL.TE", "Content-Length: 58¶Transfer-Encoding: chunked", "0¶¶HIDDEN"),
        .init("9112 §6.1", "TE.CL", "Transfer-Encoding: chunked¶Content-Length: 4", "35¶HIDDEN¶0¶¶"),
        .init("9112 §6.1", "CL.TE with length 0", "Content-Length: 0¶Transfer-Encoding: chunked", "35¶HIDDEN¶0¶¶"),
        .init("9112 §6.3", "CL.CL, the first is 0", "Content-Length: 0¶Content-Length: 53", "HIDDEN"),
        .init("9112 §6.3", "CL.CL, the second is 0", "Content-Length: 53¶Content-Length: 0", "HIDDEN"),
        .init("9112 §6.3", "CL.CL in a list", "Content-Length: 0, 53", "HIDDEN"),
        .init("9110 §8.6", "length with a plus sign", "Content-Length: +0", "HIDDEN"),
        .init("9110 §8.6", "length with a minus sign", "Content-Length: -0", "HIDDEN"),
        .init("9110 §8.6", "hexadecimal length", "Content-Length: 0x0", "HIDDEN"),
        .init("9110 §8.6", "length with a space", "Content-Length: 0 53", "HIDDEN"),
        .init("9110 §8.6", "length with a NUL", "Content-Length: 0\0", "HIDDEN"),
        .init("9110 §8.6", "length that overflows to 0", "Content-Length: 18446744073709551616", "HIDDEN"),
        .init("9110 §8.6", "length in a vertical tab", "Content-Length:\u{0B}0", "HIDDEN"),
        .init("9110 §8.6", "empty length", "Content-Length:", "HIDDEN"),
        .init("9112 §5.2", "folded length", "Content-Length: 5¶ 6", "helloHIDDEN"),
        .init("9112 §5.2", "length in the fold of another field", "X-A: a¶ Content-Length: 53", "HIDDEN"),
        .init("9112 §5.1", "space before the colon of the length", "Content-Length : 53", "HIDDEN"),
        .init("9112 §2.2", "length behind a bare CR", "X-A: a\rContent-Length: 53", "HIDDEN"),
        .init("9112 §2.2", "length behind a bare LF", "X-A: a\nContent-Length: 53", "HIDDEN"),
        .init("9112 §6.2", "length as it should be", "Content-Length: 53", "HIDDEN"),
        .init("9110 §15.5.14", "length that is too large", "Content-Length: 1048577", "HIDDEN"),
        .init("9110 §15.5.12", "no length", "X-A: a", "HIDDEN"),
    ]

    private static let codings: [SmugglingCase] = [
        .init("9112 §6.3", "TE.TE, the second unknown", "Transfer-Encoding: chunked¶Transfer-Encoding: x", "0¶¶HIDDEN"),
        .init("9112 §6.3", "TE.TE, the first unknown", "Transfer-Encoding: x¶Transfer-Encoding: chunked", "0¶¶HIDDEN"),
        .init("9112 §6.1", "TE.TE, both chunked", "Transfer-Encoding: chunked¶Transfer-encoding: chunked", "0¶¶HIDDEN"),
        .init("9112 §6.3", "chunked before identity", "Transfer-Encoding: chunked, identity", "0¶¶HIDDEN"),
        .init("9112 §6.3", "identity", "Transfer-Encoding: identity", "HIDDEN"),
        .init("9112 §6.3", "letter before chunked", "Transfer-Encoding: xchunked", "0¶¶HIDDEN"),
        .init("9112 §6.3", "chunked in quotes", "Transfer-Encoding: \"chunked\"", "0¶¶HIDDEN"),
        .init("9112 §7.1", "parameter of chunked", "Transfer-Encoding: chunked;a=b", "0¶¶HIDDEN"),
        .init("9112 §5.1", "space before the colon", "Transfer-Encoding : chunked", "0¶¶HIDDEN"),
        .init("9112 §5.1", "LF before the colon", "Transfer-Encoding\n: chunked", "0¶¶HIDDEN"),
        .init("9110 §5.5", "vertical tab before chunked", "Transfer-Encoding:\u{0B}chunked", "0¶¶HIDDEN"),
        .init("9110 §5.5", "vertical tab behind chunked", "Transfer-Encoding: chunked\u{0B}", "0¶¶HIDDEN"),
        .init("9110 §5.5", "NUL behind chunked", "Transfer-Encoding: chunked\0", "0¶¶HIDDEN"),
        .init("9112 §7", "obs-text before chunked", "Transfer-Encoding: \u{A0}chunked", "0¶¶HIDDEN"),
        .init("9112 §5.2", "folded chunked", "Transfer-Encoding:¶ chunked", "0¶¶HIDDEN"),
        .init("9112 §5.2", "coding in the fold of another field", "X-A: a¶ Transfer-Encoding: chunked", "0¶¶HIDDEN"),
        .init("9112 §2.2", "coding behind a bare LF", "X-A: a\nTransfer-Encoding: chunked", "0¶¶HIDDEN"),
        .init(
            "9112 §6.1", "coding in HTTP/1.0",
            raw: "PUT /keys/smuggler HTTP/1.0¶Connection: keep-alive¶Transfer-Encoding: chunked¶¶0¶¶HIDDEN"),
        .init(
            "9112 §6.1", "coding and length in HTTP/1.0",
            raw: "PUT /keys/smuggler HTTP/1.0¶Connection: keep-alive¶Content-Length: 58¶"
                + "Transfer-Encoding: chunked¶¶0¶¶HIDDEN"),
    ]

    /// A PUT in the chunked coding.
    private static func chunked(_ section: String, _ name: String, _ rest: String) -> SmugglingCase {
        .init(section, name, "Transfer-Encoding: chunked", rest)
    }

    private static let chunks: [SmugglingCase] = [
        chunked("9112 §7.1", "chunks as they should be", "35¶HIDDEN¶0¶¶"),
        chunked("9112 §7.1", "size that overflows to 0", "10000000000000000¶¶HIDDEN"),
        chunked("9112 §7.1", "size that overflows to 1", "10000000000000001¶a¶0¶¶HIDDEN"),
        chunked("9112 §7.1", "negative size", "-1¶a¶0¶¶HIDDEN"),
        chunked("9112 §7.1", "prefix 0x", "0x1¶a¶0¶¶HIDDEN"),
        chunked("9112 §7.1", "space before a size", " 0¶¶HIDDEN"),
        chunked("9112 §7.1", "space behind the last size", "0 ¶¶HIDDEN"),
        chunked("9112 §7.1", "junk behind a chunk", "1¶abc¶0¶¶HIDDEN"),
        chunked("9112 §7.1", "no line end behind a chunk", "1¶a0¶¶HIDDEN"),
        chunked("9112 §2.2", "lines that end in LF", "1\na\n0\n\nHIDDEN"),
        chunked("9112 §2.2", "LF behind the last size", "0\n¶HIDDEN"),
        chunked("9112 §2.2", "CR behind the last size", "0\r\rHIDDEN"),
        chunked("9112 §2.2", "LF for the end of the trailers", "0¶\nHIDDEN"),
        chunked("9112 §7.1.1", "LF in an extension", "1;a\n¶a¶0¶¶HIDDEN"),
        chunked("9112 §7.1.1", "LF behind an empty extension", "0;\n¶HIDDEN"),
        chunked("9112 §7.1.1", "LF in a quoted extension", "1;a=\"\n0\n\nHIDDEN\"¶a¶0¶¶"),
        chunked("9112 §7.1.1", "CRLF in a quoted extension", "1;a=\"¶0¶¶HIDDEN\"¶a¶0¶¶"),
        chunked("9112 §7.1.2", "in place of trailers", "0¶HIDDEN"),
        chunked("9112 §7.1.2", "trailer that ends in LF", "0¶X-A: a\n\nHIDDEN"),
        chunked("9110 §6.5.1", "length in the trailers", "0¶Content-Length: 53¶X-A : a¶¶HIDDEN"),
    ]

    private static let heads: [SmugglingCase] = [
        .init(
            "9110 §9.3.1", "GET with a length",
            raw: "GET /keys/smuggler HTTP/1.1¶Host: localhost¶Content-Length: 53¶¶HIDDEN"),
        .init(
            "9110 §9.3.1", "GET with chunks",
            raw: "GET /keys/smuggler HTTP/1.1¶Host: localhost¶Transfer-Encoding: chunked¶¶35¶HIDDEN¶0¶¶"),
        .init(
            "9110 §9.3.2", "HEAD with a length",
            raw: "HEAD /keys/smuggler HTTP/1.1¶Host: localhost¶Content-Length: 53¶¶HIDDEN"),
        .init(
            "9110 §9.3.7", "OPTIONS with a length",
            raw: "OPTIONS /keys/smuggler HTTP/1.1¶Host: localhost¶Content-Length: 53¶¶HIDDEN"),
        .init(
            "9110 §15.5.5", "content for no route",
            raw: "POST /nowhere HTTP/1.1¶Host: localhost¶Content-Length: 53¶¶HIDDEN"),
        .init(
            "9110 §15.5.6", "content for a method that is not allowed",
            raw: "POST /keys/smuggler HTTP/1.1¶Host: localhost¶Content-Length: 53¶¶HIDDEN"),
        .init(
            "9110 §15.6.2", "content of an unknown method",
            raw: "BREW /keys/smuggler HTTP/1.1¶Host: localhost¶Content-Length: 53¶¶HIDDEN"),
        .init(
            "9110 §15.6.6", "content of another version",
            raw: "PUT /keys/smuggler HTTP/2.0¶Host: localhost¶Content-Length: 53¶¶HIDDEN"),
        .init(
            "9110 §7.4", "content for another host",
            raw: "PUT http://evil.example/keys/smuggler HTTP/1.1¶Host: localhost¶Content-Length: 53¶¶HIDDEN"),
        .init(
            "9112 §3.2", "two hosts",
            raw: "GET /keys/smuggler HTTP/1.1¶Host: localhost¶Host: evil.example¶¶HIDDEN"),
        .init("9112 §3.2", "no host", raw: "GET /keys/smuggler HTTP/1.1¶¶HIDDEN"),
        .init("9110 §10.1.1", "content behind an expectation", "Expect: x¶Content-Length: 53", "HIDDEN"),
        .init("9110 §10.1.1", "content that was not waited for", "Expect: 100-continue¶Content-Length: 53", "HIDDEN"),
        .init("9110 §8.4", "content in a coding", "Content-Encoding: gzip¶Content-Length: 53", "HIDDEN"),
        .init("9112 §9.6", "behind close", "Connection: close¶Content-Length: 0", "HIDDEN"),
        .init("9112 §9.3", "behind HTTP/1.0", raw: "GET /keys/smuggler HTTP/1.0¶¶HIDDEN"),
        .init("9110 §5.5", "NUL in a field", "X-A: a\0¶Content-Length: 0", "HIDDEN"),
        .init("9112 §2.2", "LF for the empty line", raw: "GET /keys/smuggler HTTP/1.1¶Host: localhost¶\nHIDDEN"),
        .init("9112 §2.2", "LF LF for the end of a head", raw: "GET /keys/smuggler HTTP/1.1¶Host: localhost\n\nHIDDEN"),
        .init(
            "9112 §2.2", "CR CR LF for the end of a head", raw: "GET /keys/smuggler HTTP/1.1¶Host: localhost¶\r¶HIDDEN"),
        .init("9112 §3", "HTTP/0.9", raw: "GET /keys/smuggler¶¶HIDDEN"),
        .init("9113 §3.4", "behind the preface of HTTP/2", raw: "PRI * HTTP/2.0¶¶SM¶¶HIDDEN"),
    ]
}

@Suite("Smuggling", .blocking) struct SmugglingTests {
    /// A key that the hidden request of a test would delete, of a length that is always the same.
    private func makeVictim(_ number: Int) throws -> String {
        let victim = "/keys/victim-\(100 + number)"
        _ = try Backend.local.stack.curl().put(victim, "alive")
        return victim
    }

    /// What is answered when the pieces are sent, each in a segment of its own.
    private func answers(_ pieces: [Bytes]) throws -> RawAnswers {
        let connection = try Backend.local.stack.raw()
        try connection.send(pieces: pieces, pause: pieces.count > 2 ? .zero : .milliseconds(1))
        // Where the service waits for more, it shall not wait for long.
        connection.shutdownWrite()
        return try connection.answersToEnd()
    }

    @Test(arguments: SmugglingCase.all.enumerated().map { ($0, $1) })
    func aHiddenRequestIsNeitherCarriedOutNorAnswered(number: Int, smuggling: SmugglingCase) throws {
        let victim = try makeVictim(number)
        let pieces = smuggling.pieces(victim: victim)
        let whole = pieces[0].appending(pieces[1])
        for sent in [[whole], pieces, Array(whole).map { Bytes([$0]) }] {
            let answered = try answers(sent).statuses
            #expect(answered.count == 1, "\(answered)")
        }
        #expect(try Backend.local.stack.curl().get(victim).body == "alive")
    }

    /// The control: where the next request is the next request, it is carried out.
    @Test(arguments: SmugglingTests.controls.enumerated().map { ($0, $1) })
    func aRequestThatFollowsIsCarriedOut(number: Int, control: SmugglingCase) throws {
        for isSplit in [false, true] {
            let victim = try makeVictim(800 + number)
            let pieces = control.pieces(victim: victim)
            #expect(pieces[1].count == SmugglingCase.hiddenLength)
            let answered = try answers(isSplit ? pieces : [pieces[0].appending(pieces[1])]).statuses
            #expect(answered.count == 2 && answered.last == 204, "\(answered)")
            #expect(try Backend.local.stack.curl().get(victim).status == 404)
        }
    }

    private static let controls = [
        SmugglingCase("9112 §9.3.2", "behind a length", "Content-Length: 5", "helloHIDDEN"),
        SmugglingCase("9112 §9.3.2", "behind length 0", "Content-Length: 0", "HIDDEN"),
        SmugglingCase("9112 §9.3.2", "behind chunks", "Transfer-Encoding: chunked", "5;a=b¶hello¶0¶X-A: a¶¶HIDDEN"),
        SmugglingCase("9112 §9.3.2", "behind a GET", raw: "GET /keys/none HTTP/1.1¶Host: localhost¶¶HIDDEN"),
        SmugglingCase("9112 §2.2", "behind an empty line", raw: "GET /keys/none HTTP/1.1¶Host: localhost¶¶¶HIDDEN"),
    ]
}
