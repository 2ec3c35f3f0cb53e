import CisternHTTP
import TestSupport
import Testing

@testable import CisternService

@Suite struct HostRulesTests {
    private func rules(host: String = "127.0.0.1", _ allowed: [String] = [], tokens: Bool = false, isTLS: Bool = false)
        -> HostRules
    {
        var config = ServiceConfig()
        if isTLS { config.http.tlsCertFile = "cert.pem" }
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

    /// What was allowed once for a connection is not looked at again: no sequence of its requests, under rules that change, may get
    /// another answer by that.
    @Test func whatWentBeforeOnTheConnectionChangesNoAnswer() throws {
        let long = String(repeating: "a", count: 60)
        let judges = [
            rules(), rules(["localhost:443"], isTLS: true), rules(["evil", "\(long).example"]),
            rules(["localhost:80", "\(long).evil"]),
            rules(host: "0.0.0.0"),
        ]
        let hosts = ["localhost", "localhost:80", "localhost:81", "evil", "\(long).example", "\(long).evil"]
        var generator = SplitMix64(seed: 8)
        func pick<Element>(_ list: [Element]) -> Element { list[Int(generator.next() % UInt64(list.count))] }
        let head = HTTPRequestHead()
        var judge = judges[0]
        var answers: [Bool: Int] = [:]
        for _ in 0..<20_000 {
            if pick([true, false, false, false]) { judge = pick(judges) }
            let target = pick([true, false, false]) ? "http://\(pick(hosts))/stats" : "/stats"
            let isOld = pick([true, false, false])
            let fields = isOld && pick([true, false]) ? [] : ["Host: \(pick(hosts))"]
            let version = isOld ? "HTTP/1.0" : "HTTP/1.1"
            let isAllowed = try judge.allow(requestHead("GET", target, fields, version: version))
            answers[isAllowed, default: 0] += 1
            _ = try requestHead("GET", target, fields, version: version, into: head)
            #expect(judge.allow(head) == isAllowed, "\(target) \(fields) \(version)")
            if pick([true] + Array(repeating: false, count: 15)) { head.releaseMemory() }
        }
        #expect(answers.values.allSatisfy { $0 > 1000 } && answers.count == 2)
    }

    @Test func theRefusalNamesTheKey() {
        #expect(rules().refusal.status == .misdirectedRequest)
        #expect(rules().refusal.detail.contains("http.allowed_hosts"))
    }
}
