import CisternConfiguration
import Testing

@Suite struct HostNameTests {
    @Test(arguments: [
        "localhost", "a", "cache-1.example.com", "cache.example.com.", "my_redis", "127.0.0.1", "::1", "[::1]",
        "2001:db8::1", "fe80::1%eth0", "[fe80::1%eth0]", "::ffff:127.0.0.1", "1a", "xn--bcher-kva.example",
        String(repeating: "a", count: 63),
    ])
    func takesNamesAndAddresses(host: String) {
        #expect(HostName.objection(to: host) == nil)
    }

    @Test(arguments: [
        "", " ", "a b", "a..b", ".a", "-a", "a-", "bücher", "1.2.3", "256.0.0.1", "1.2.3.4.5", "cache:6379", "::g",
        "[::1",
        "[::1]:80", "fe80::1%", "redis://cache", "/run/redis.sock", "a/b", "a\0", "::1\0", "a\n",
        String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "aa",
    ])
    func refusesEverythingElse(host: String) {
        #expect(HostName.objection(to: host) != nil)
    }

    @Test func knowsACommonMistake() {
        #expect(HostName.objection(to: "cache:6379")?.rule == "must be a host without its port")
        #expect(HostName.objection(to: "redis://cache")?.rule == "must be a host, not a URL")
    }

    @Test func takesAPathOfASocketWhereThatIsAllowed() {
        let longest = "/" + String(repeating: "a", count: 106)
        #expect(HostName.objection(to: longest, allowsPath: true) == nil)
        #expect(HostName.objection(to: longest + "a", allowsPath: true) != nil)
        #expect(HostName.objection(to: longest) != nil)
    }

    @Test(arguments: [
        ("localhost", true), ("LOCALHOST", true), ("localhost.", true), ("127.0.0.1", true), ("127.255.0.9", true),
        ("::1", true), ("[::1]", true), ("::ffff:127.0.0.1", true), ("0.0.0.0", false), ("128.0.0.1", false),
        ("::", false), ("::2", false), ("::ffff:10.0.0.1", false), ("127.example.com", false), ("cache", false),
        ("", false),
    ])
    func knowsWhatOnlyThisMachineReaches(host: String, isLoopback: Bool) {
        #expect(HostName.isLoopback(host) == isLoopback)
    }
}
