import CisternBytes
import CisternHTTP
import CisternJSON
import Testing

@testable import CisternService

@Suite struct MediaTypeTests {
    @Test(arguments: [
        ("a.json", "application/json"), ("a.TXT", "text/plain; charset=utf-8"), ("a.html", "text/html; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"), ("a.js", "text/javascript; charset=utf-8"), ("a.xml", "application/xml"),
        ("a.csv", "text/csv; charset=utf-8"), ("a.svg", "image/svg+xml"), ("a.png", "image/png"),
        ("a.jpg", "image/jpeg"),
        ("a.gif", "image/gif"), ("a.webp", "image/webp"), ("a.pdf", "application/pdf"),
        (".js", "text/javascript; charset=utf-8"),
        ("a.tar.js", "text/javascript; charset=utf-8"), ("dir.css/a.js", "text/javascript; charset=utf-8"),
    ])
    func theExtensionDecides(key: String, type: String) {
        #expect(MediaType.of(Bytes(key)).description == type)
    }

    @Test(arguments: [
        "", ".", "a", "json", "a.", "a.js.", "a.jsonx", "a.xjson", "a.exe", "a.js/b", "json.", "a.jpeg", "a.\0js",
    ])
    func everythingElseIsBytes(key: String) {
        #expect(MediaType.of(Bytes(key)).description == "application/octet-stream")
    }
}

@Suite struct RequestIDTests {
    private func identity(_ fields: String...) throws -> String {
        try RequestID(requestHead("GET", "/", ["Host: h"] + fields)).text.text
    }

    @Test(arguments: ["a", "0123-abc_DEF.~:", String(repeating: "x", count: 64)])
    func aShortSafeNameIsTaken(name: String) throws {
        #expect(try identity("X-Request-Id: \(name)") == name)
    }

    @Test(arguments: ["", "a b", "a,b", "<a>", "a\"", "ü", "a/b", String(repeating: "x", count: 65)])
    func anyOtherIsReplaced(name: String) throws {
        let made = try identity("X-Request-Id: \(name)")
        #expect(made != name)
        #expect(made.count == 16 && made.allSatisfy { $0.isHexDigit && !$0.isUppercase })
    }

    @Test func twoNamesAreNone() throws {
        #expect(try identity("X-Request-Id: a", "X-Request-Id: a").count == 16)
    }

    @Test func everyNameThatIsMadeIsNew() {
        let names = (0..<10_000).compactMap { _ in UInt64(RequestID().text.text, radix: 16) }
        #expect(Set(names).count == 10_000)
        // Nothing of one is seen in the next, as it would be of a counter.
        #expect(Set(zip(names, names.dropFirst()).map { $1 &- $0 }).count == 9_999)
    }
}

@Suite struct ProblemTests {
    @Test(arguments: HTTPStatus.allCases) func itSaysWhatAndWhichRequest(status: HTTPStatus) throws {
        let id = try RequestID(requestHead("GET", "/", ["Host: h", "X-Request-Id: the-one"]))
        let object = try #require(try JSONValue.parse(Problem.body(status, "a \"detail\"\n", id).text).object)
        #expect(object["type"]?.string == "about:blank")
        #expect(object["title"]?.string == status.reason)
        #expect(object["status"]?.integer == Int64(status.code))
        #expect(object["detail"]?.string == "a \"detail\"\n")
        #expect(object["instance"]?.string == "the-one")
    }

    @Test func aKnownOneReadsAsIfItWereWrittenAnew() throws {
        for name in ["a", "0123-abc_DEF.~:", String(repeating: "x", count: 64)] {
            let id = RequestID(text: Bytes(name))
            for status in [HTTPStatus.notFound, .serviceUnavailable] {
                let detail = "a \"detail\"\n"
                #expect(Problem.Known(status, detail).body(id).text == Problem.body(status, detail, id).text)
            }
        }
    }
}
