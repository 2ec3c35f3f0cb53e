import TestSupport
import Testing

@testable import CisternHTTP

/// A head that has read `raw`, whole.
func parsed(_ raw: String, into head: HTTPRequestHead = HTTPRequestHead()) -> HTTPRequestHead {
    var parser = HTTPRequestParser()
    var consumed = 0
    let outcome = parser.parseHead(wire(raw).span, into: head, consumed: &consumed)
    #expect(outcome == .complete)
    return head
}

@Suite struct RequestHeadTests {
    private func value(_ name: HTTPFieldName, of head: HTTPRequestHead) -> String? {
        guard let value = head.value(of: name) else { return nil }
        return text(value)
    }

    @Test func fieldsAreKeptInOrderWithTheirOwnValues() {
        let head = parsed("GET / HTTP/1.1¶Host: h¶X-One:  1 ¶ACCEPT: a¶x-one: 2¶Empty:¶¶")
        var lines: [String] = []
        for index in 0..<head.fieldCount {
            lines.append(
                "\(head.fieldKind(at: index)) \(text(head.fieldName(at: index)))=\(text(head.fieldValue(at: index)))")
        }
        #expect(lines == ["host Host=h", "other X-One=1", "accept ACCEPT=a", "other x-one=2", "other Empty="])
    }

    /// A connection names the same host again and again, which is not read again; one that is a little different is.
    @Test func whatAHostWasReadAsHoldsForThatHostAlone() {
        let hosts = [
            "a.example", "a.example", "b.example", "a.example:80", "a.example:81", "a.example:8", "[::1]", "[::1]:80",
            "a.exampl",
            "", "a_b.example:0", "a/b", "a:b", "a:99999", "[::1", "::1", "%41.b", "%4", "A.example",
            String(repeating: "a", count: 48), String(repeating: "a", count: 47) + "/",
            String(repeating: "a", count: 49), String(repeating: "a", count: 48) + "/",
        ]
        var generator = SplitMix64(seed: 5)
        var known = HTTPKnownHost()
        for _ in 0..<5000 {
            let host = Array(hosts[Int(generator.next() % UInt64(hosts.count))].utf8)
            #expect(known.read(host.span) == HTTPAuthority(host.span), "\(String(decoding: host, as: UTF8.self))")
        }
        let head = HTTPRequestHead()
        for host in ["a.example:80", "b.example:80", "b.example:81"] {
            _ = parsed("GET / HTTP/1.1¶Host: \(host)¶¶", into: head)
            #expect(text(head.authority) == host && text(head.host) == String(host.prefix(9)))
            #expect(head.port == UInt16(host.suffix(2)))
        }
    }

    @Test func aFieldIsFoundByItsName() {
        let head = parsed("GET / HTTP/1.1¶Host: h¶If-Match: \"a\"¶Authorization: Bearer t¶if-match: \"b\"¶¶")
        #expect(value(.ifMatch, of: head) == "\"a\"")
        #expect(value(.authorization, of: head) == "Bearer t")
        #expect(value(.ifNoneMatch, of: head) == nil)
        #expect(head.count(of: .ifMatch) == 2)
        #expect(head.count(of: .ifNoneMatch) == 0)
        #expect(head.firstIndex(of: .ifMatch, from: 2) == 3)
        #expect(head.firstIndex(of: .ifMatch, from: 4) == nil)
        #expect(head.has(.host) && !head.has(.range))
    }

    @Test func aListIsReadOverAllLinesOfItsField() {
        let head = parsed("GET / HTTP/1.1¶Host: h¶Prefer: a, ,b;c=\"d,\\\",e\"¶Accept: z¶prefer: ,F,¶Prefer:¶¶")
        var elements: [String] = []
        head.forEachElement(of: .prefer) {
            elements.append(text($0))
            return true
        }
        #expect(elements == ["a", "b;c=\"d,\\\",e\"", "F"])
        #expect(head.has(.prefer, element: "f"))
        #expect(!head.has(.prefer, element: "b"))
        var visited = 0
        head.forEachElement(of: .prefer) { _ in
            visited += 1
            return visited < 2
        }
        #expect(visited == 2)
    }

    @Test(
        arguments: [
            ("h", "h", nil), ("H:80", "H", 80), ("h:", "h", nil), ("[::1]", "[::1]", nil), ("[::1]:0", "[::1]", 0),
            ("a.b:00065535", "a.b", 65535),
        ] as [(String, String, UInt16?)])
    func theHostIsCutFromItsPort(_ authority: String, _ host: String, _ port: UInt16?) {
        let head = parsed("GET / HTTP/1.1¶Host: \(authority)¶¶")
        #expect(text(head.authority) == authority)
        #expect(text(head.host) == host)
        #expect(head.port == port)
    }

    @Test func anAbsoluteTargetReplacesTheHost() {
        let head = parsed("GET http://t:81/a?b HTTP/1.1¶Host: h:80¶¶")
        #expect(text(head.host) == "t" && head.port == 81)
        #expect(text(head.target) == "http://t:81/a?b")
        #expect(value(.host, of: head) == "h:80")
    }

    @Test func theNextRequestFindsNothingOfTheOneBefore() {
        let head = parsed(
            "PUT http://t:81/long/path?query HTTP/1.0¶Host: h¶Content-Length: 5¶Connection: keep-alive¶Expect: x¶A: b¶¶"
        )
        _ = parsed("GET /b HTTP/1.1¶Host: i¶¶", into: head)
        #expect(describe(head) == "GET /b @i")
        #expect(head.fieldCount == 1)
        #expect(head.port == nil && !head.hasQuery && !head.hasLength)
        #expect(text(head.query) == "" && text(head.target) == "/b")
        for name in HTTPFieldName.allCases where name != .host {
            #expect(!head.has(name) && head.count(of: name) == 0)
            #expect(value(name, of: head) == nil)
        }
        _ = parsed("GET / HTTP/1.0¶¶", into: head)
        #expect(describe(head) == "GET / 1.0")
        #expect(text(head.authority) == "" && text(head.host) == "")
    }

    @Test func anUnfinishedHeadHoldsNoBytesAndARefusedOneThoseBeforeTheFault() {
        let head = parsed("GET /secret HTTP/1.1¶Host: h¶Authorization: t¶¶")
        var parser = HTTPRequestParser()
        var consumed = 0
        let unfinished = wire("HEAD /other HTTP/1.0¶Authorization: u¶")
        #expect(parser.parseHead(unfinished.span, into: head, consumed: &consumed) == .incomplete)
        #expect(text(head.path) == "")
        #expect(value(.authorization, of: head) == "")
        let refused = unfinished + wire("A : b¶")
        #expect(parser.parseHead(refused.span, into: head, consumed: &consumed) == .rejected(.whitespaceBeforeColon))
        #expect(text(head.path) == "/other" && head.fieldCount == 1)
        #expect(value(.authorization, of: head) == "u")
        #expect(
            HTTPResponseContext.rejected(head) == HTTPResponseContext(method: .head, version: .http10, keepAlive: false)
        )
    }

    @Test func aRefusalAtTheFirstByteSaysNothingOfTheRequestBefore() {
        let head = parsed("HEAD / HTTP/1.0¶¶")
        var parser = HTTPRequestParser()
        var consumed = 0
        #expect(parser.parseHead(wire("\u{16}").span, into: head, consumed: &consumed) == .rejected(.tlsOnPlainPort))
        #expect(
            HTTPResponseContext.rejected(head) == HTTPResponseContext(method: .get, version: .http11, keepAlive: false))
    }

    /// However the bytes are cut: what stands before the fault, and nothing of the request before it.
    @Test(arguments: [
        ("GET /b HTTP/1.1¶Host: h¶X-Request-Id: r¶Content-Length: 1¶Content-Length: 2¶¶", "/b", "r"),
        ("GET /b HTTP/1.1¶X-Request-Id: r¶¶", "/b", "r"), ("GET /b HTTP/1.1¶X-Request-Id: r¶A : b¶¶", "/b", "r"),
        ("GET /b HTTP/1.1¶A : b¶X-Request-Id: r¶¶", "/b", nil), ("GET /b HTTP/1.1¶\n", "/b", nil),
        ("GET /b#c HTTP/1.1¶X-Request-Id: r¶¶", "", nil), ("GET b HTTP/1.1¶X-Request-Id: r¶¶", "", nil),
        ("BREW /b HTTP/1.1¶X-Request-Id: r¶¶", "", nil), ("GET /b HTTP/9.1¶¶", "", nil), ("\u{16}", "", nil),
    ])
    func aRefusedHeadHoldsWhatStandsBeforeTheFault(_ raw: String, target: String, id: String?) {
        let before = wire("PUT /secret HTTP/1.1¶Host: h¶X-Request-Id: other¶Content-Length: 0¶¶")
        let bytes = wire(raw)
        for cut in 0..<bytes.count {
            let head = HTTPRequestHead()
            var parser = HTTPRequestParser()
            var consumed = 0
            #expect(parser.parseHead(before.span, into: head, consumed: &consumed) == .complete)
            consumed = 0
            let piece = Array(bytes[..<cut])
            var outcome = parser.parseHead(piece.span, into: head, consumed: &consumed)
            if outcome == .incomplete { outcome = parser.parseHead(bytes.span, into: head, consumed: &consumed) }
            guard case .rejected = outcome, text(head.target) == target, value(.xRequestID, of: head) == id else {
                Issue.record(
                    "cut at \(cut): \(outcome), \(text(head.target)), \(value(.xRequestID, of: head) ?? "nil")")
                return
            }
        }
    }

    /// The same of a head whose rest does not come, and of one that has not even its request line.
    @Test func anAbandonedHeadHoldsItsWholeLines() {
        let whole = wire("GET /b HTTP/1.1¶Host: h¶X-Request-Id: r¶Accept: a¶¶")
        for count in 1..<whole.count - 1 {
            let head = parsed("PUT /secret HTTP/1.1¶X-Request-Id: other¶Host: h¶¶")
            var parser = HTTPRequestParser()
            var consumed = 0
            let piece = Array(whole[..<count])
            #expect(parser.parseHead(piece.span, into: head, consumed: &consumed) == .incomplete)
            parser.reject(.requestTimeout, piece.span, into: head)
            let lines =
                String(decoding: piece, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false).count
                - 1
            #expect(text(head.target) == (lines > 0 ? "/b" : ""), "\(count)")
            #expect(value(.xRequestID, of: head) == (lines > 2 ? "r" : nil), "\(count)")
            #expect(parser.parseHead(whole.span, into: head, consumed: &consumed) == .rejected(.requestTimeout))
        }
    }

    @Test func memoryGivenBackIsTakenAgain() {
        let head = parsed("GET /a HTTP/1.1¶Host: h¶¶")
        head.releaseMemory()
        #expect(text(head.path) == "" && head.fieldCount == 0)
        _ = parsed("GET /\(String(repeating: "b", count: 5000)) HTTP/1.1¶Host: h¶¶", into: head)
        #expect(head.path.count == 5001)
        _ = parsed("GET /c HTTP/1.1¶Host: h¶¶", into: head)
        #expect(describe(head) == "GET /c @h")
    }

    @Test(arguments: HTTPFieldName.allCases.filter { $0 != .other })
    func everyNameIsFoundInAnyCase(_ name: HTTPFieldName) {
        let lower = "\(name.text)"
        #expect(HTTPFieldName(wire(lower).span) == name)
        #expect(HTTPFieldName(wire(lower.uppercased()).span) == name)
        #expect(HTTPFieldName(wire(lower + "s").span) == .other)
        #expect(HTTPFieldName(wire("x" + lower.dropFirst()).span) != name || lower.hasPrefix("x"))
    }
}
