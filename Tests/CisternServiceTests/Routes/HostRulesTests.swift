import CisternHTTP
import Testing

@testable import CisternService

@Suite struct HostRulesTests {
    private func rules(host: String = "127.0.0.1", _ allowed: [String] = [], tokens: Bool = false) -> HostRules {
        var config = ServiceConfig()
        config.http.host = host
        config.http.allowedHosts = allowed
        if tokens {
            config.auth.tokens = AuthTokens([AuthToken(name: "a", token: "aaaaaaaaaaaa", scopes: [.read])])
        }
        return HostRules(config)
    }

    private func allows(_ rules: HostRules, _ host: String) throws -> Bool {
        try rules.allow(requestHead("GET", "/stats", ["Host: \(host)"]))
    }

    @Test func theAddressThatItListensOnIsOneOfThem() throws {
        #expect(try allows(rules(host: "127.0.0.2"), "127.0.0.2:80"))
        #expect(try !allows(rules(host: "127.0.0.2"), "127.0.0.3"))
        #expect(try allows(rules(host: "::1"), "[::1]"))
    }

    @Test(arguments: [
        ("localhost", true), ("LocalHost", true), ("localhost:8080", true), ("localhost:1", true), ("127.0.0.1", true),
        ("127.0.0.1:9", true), ("[::1]", true), ("[::1]:80", true), ("localhost.", false), ("localhost.evil", false),
        ("evil", false), ("127.0.0.2", false), ("[::2]", false), ("0.0.0.0", false),
    ])
    func onALoopbackItIsThisMachinesNames(host: String, isAllowed: Bool) throws {
        for bind in ["127.0.0.1", "::1", "localhost"] {
            #expect(try allows(rules(host: bind), host) == isAllowed, "\(bind)")
        }
    }

    @Test func anyNameReachesAServiceThatOthersMayReach() throws {
        #expect(try allows(rules(host: "0.0.0.0"), "cache.example"))
        #expect(try allows(rules(tokens: true), "cache.example"))
    }

    @Test(arguments: [
        ("cache.example", true), ("CACHE.example:8080", true), ("other.example:8443", true), ("other.example", false),
        ("other.example:80", false), ("web.example", true), ("web.example:80", true), ("web.example:81", false),
        ("[fd00::1]:7", true), ("[fd00::1]", false), ("[fd00::2]", true), ("[fd00::2]:9", true), ("localhost", false),
    ])
    func aListSaysWhatIsServedWithItsPorts(host: String, isAllowed: Bool) throws {
        let list = ["Cache.Example", "other.example:8443", "web.example:80", "[fd00::1]:7", "[fd00::2]"]
        for tokens in [false, true] { #expect(try allows(rules(list, tokens: tokens), host) == isAllowed) }
    }

    @Test func anOldClientMayComeWithoutAHost() throws {
        #expect(try rules().allow(requestHead("GET", "/stats", [], version: "HTTP/1.0")))
        #expect(try !rules().allow(requestHead("GET", "/stats", ["Host: evil"], version: "HTTP/1.0")))
    }

    @Test func theTargetsOwnAuthorityGoesBeforeTheField() throws {
        #expect(try !rules().allow(requestHead("GET", "http://evil/stats", ["Host: localhost"])))
        #expect(try rules().allow(requestHead("GET", "http://localhost:1/stats", ["Host: evil"])))
    }

    @Test func theRefusalNamesTheKey() {
        #expect(rules().refusal.status == .misdirectedRequest)
        #expect(rules().refusal.detail.contains("http.allowed_hosts"))
    }
}
