import CisternBytes
import CisternHTTP
import Testing

@testable import CisternService

@Suite struct KeyQueryTests {
    private func read(_ query: String, writes: Bool = true) throws -> KeyQuery {
        try KeyQuery(requestHead("GET", "/keys/a\(query)"), writes: writes)
    }

    @Test(arguments: ["", "?", "?&&"]) func nothingSaidIsNothingAsked(query: String) throws {
        let read = try read(query)
        #expect(!read.isBase64URL && read.ttl == nil && !read.keepsTTL)
    }

    @Test func everyParameterIsRead() throws {
        let long = try read("?ttl=1h30m&key_encoding=base64url")
        #expect(long.ttl == "1h30m" && long.isBase64URL && !long.keepsTTL)
        let kept = try read("?keep_ttl=true")
        #expect(kept.keepsTTL && kept.ttl == nil)
        #expect(try read("?keep_ttl=false&ttl=60").ttl == "60")
        #expect(try read("?%74tl=6%30").ttl == "60")
        #expect(try read("?key_encoding=base64url", writes: false).isBase64URL)
    }

    @Test(arguments: [
        ("?tll=60", "unknown"), ("?TTL=60", "unknown"), ("?ttl=1&ttl=2", "more than once"),
        ("?keep_ttl=true&keep_ttl=true", "more than once"),
        ("?key_encoding=base64url&key_encoding=base64url", "more than once"), ("?keep_ttl=1", "true or false"),
        ("?keep_ttl", "true or false"), ("?key_encoding=hex", "base64url"), ("?key_encoding", "base64url"),
        ("?ttl=%zz", "hexadecimal"), ("?ttl=1&x", "unknown"),
    ])
    func whatIsNotKnownIsRefused(query: String, says: String) throws {
        let refusal = try #require(throws: Refusal.self) { try read(query) }
        #expect(refusal.status == .badRequest)
        #expect(refusal.detail.contains(says), "\(refusal.detail)")
    }

    @Test(arguments: ["?ttl=60", "?keep_ttl=true"]) func readersCannotAskForALifetime(query: String) {
        #expect(throws: Refusal.self) { try read(query, writes: false) }
    }
}
