import CisternBytes
import CisternHTTP
import Testing

@testable import CisternService

@Suite struct CORSRulesTests {
    private func lines(_ rules: CORSRules?, _ origins: String...) throws -> [String]? {
        let head = try requestHead("GET", "/keys/a", ["Host: localhost"] + origins.map { "Origin: \($0)" })
        return rules?.lines(for: head).text.split(separator: "\r\n").map(String.init)
    }

    private let exposed =
        "Access-Control-Expose-Headers: ETag, Cache-TTL, Cache-Source, Location, X-Request-Id, Age, Cache-Status, "
        + "Cache-Durability, Retry-After, WWW-Authenticate"

    @Test func withoutOriginsThereIsNothingToSay() {
        #expect(CORSRules([]) == nil)
    }

    @Test(arguments: [
        ("https://app.example", "https://app.example"), ("https://App.Example", "https://app.example"),
        ("https://app.example:443", "https://app.example"), ("http://app.example:80", "http://app.example"),
        ("http://app.example:443", "http://app.example:443"), ("https://app.example:80", "https://app.example:80"),
        ("https://app.example:8443", "https://app.example:8443"), ("http://[::1]:80", "http://[::1]"),
        ("http://[fd00::80]", "http://[fd00::80]"),
    ])
    func anOriginIsNamedAsBrowsersWriteIt(configured: String, sent: String) throws {
        let rules = CORSRules(["https://other.example", configured])
        #expect(try lines(rules, sent) == ["Vary: Origin", "Access-Control-Allow-Origin: \(sent)", exposed])
    }

    @Test(arguments: [
        "https://app.example:443", "https://app.example/", "http://app.example", "https://app.example.evil",
        "https://app",
        "https://app.exampl", "https://APP.example", "null", "*", "", "https://app.example, https://b.example",
    ])
    func anyOtherOriginIsToldNothing(origin: String) throws {
        #expect(try lines(CORSRules(["https://app.example", "https://b.example"]), origin) == ["Vary: Origin"])
    }

    @Test func answersToNoPageSayThatTheyVary() throws {
        #expect(try lines(CORSRules(["https://app.example"])) == ["Vary: Origin"])
    }

    @Test func aStarAllowsAllAndAnswersDoNotVary() throws {
        for origins in [["https://app.example"], ["null"], []] {
            let head = try requestHead("GET", "/", ["Host: a"] + origins.map { "Origin: \($0)" })
            let text = try #require(CORSRules(["*"])).lines(for: head).text
            #expect(text == "Access-Control-Allow-Origin: *\r\n\(exposed)\r\n")
        }
    }

    @Test(arguments: [
        (["Origin: https://app.example", "Access-Control-Request-Method: PUT"], true),
        (["Origin: https://app.example"], false), (["Access-Control-Request-Method: PUT"], false),
        (["Origin: https://evil.example", "Access-Control-Request-Method: PUT"], false),
    ])
    func aPreflightIsAnAllowedOriginWithAMethod(fields: [String], isPreflight: Bool) throws {
        let head = try requestHead("OPTIONS", "/keys/a", ["Host: localhost"] + fields)
        #expect(CORSRules(["https://app.example"])?.isPreflight(head) == isPreflight)
        // To a star every origin is allowed, yet one there must be.
        #expect(CORSRules(["*"])?.isPreflight(head) == (fields.count == 2))
    }

    @Test func ofTwoOriginsNoneIsAllowed() throws {
        let rules = CORSRules(["https://app.example"])
        #expect(try lines(rules, "https://app.example", "https://app.example") == ["Vary: Origin"])
    }
}
