import TestSupport
import Testing

/// An address that others can reach is not served without tokens unless somebody says so.
@Suite("Binding", .blocking) struct BindTests {
    @Test(arguments: [
        "0.0.0.0", "::", "[::]", "::ffff:0.0.0.0", "192.0.2.1", "cache.example", "localhost.example", "ip6-localhost",
    ])
    func anOpenAddressWithoutTokensIsRefused(host: String) throws {
        for arguments in [["serve", "--host", host], ["config", "check"]] {
            let environment = ["CISTERN_HTTP_HOST": host, "CISTERN_HTTP_PORT": "0", "CISTERN_BACKEND": "local"]
            let outcome = try CisternProcess.run(arguments, environment: environment)
            #expect(outcome.code == 78)
            #expect(outcome.text.contains("http.host"))
            #expect(outcome.text.contains("auth.tokens") && outcome.text.contains("http.allow_unauthenticated"))
            #expect(!outcome.text.contains("listening on"))
        }
    }

    @Test(arguments: ["/run/cistern.sock", "unix:///run/cistern.sock", "http://127.0.0.1", "127.1", "127.0.0.1:8080"])
    func whatIsNoAddressIsRefusedEvenWithTokens(host: String) throws {
        let outcome = try CisternProcess.run(
            ["serve"], environment: ["CISTERN_HTTP_HOST": host, "CISTERN_AUTH_TOKENS": Tokens.json])
        #expect(outcome.code == 78)
        #expect(outcome.text.contains("http.host"))
        #expect(!outcome.text.contains("listening on"))
    }

    @Test(arguments: ["127.0.0.1", "127.0.0.2", "localhost", "::1", "[::1]"])
    func thisMachineAloneNeedsNone(host: String) throws {
        let outcome = try CisternProcess.run(["config", "check"], environment: ["CISTERN_HTTP_HOST": host])
        #expect(outcome.code == 0)
        #expect(!outcome.text.contains("warning"))
    }

    @Test(
        arguments: [
            (["CISTERN_AUTH_TOKENS": Tokens.json], 0, false), (["CISTERN_HTTP_ALLOW_UNAUTHENTICATED": "true"], 0, true),
            (["CISTERN_HTTP_ALLOW_UNAUTHENTICATED": "false"], 78, false), (["CISTERN_AUTH_TOKENS": "[]"], 78, false),
        ] as [([String: String], Int32, Bool)])
    func tokensOrAWordAllowIt(environment: [String: String], code: Int32, isWarned: Bool) throws {
        let outcome = try CisternProcess.run(
            ["config", "check"], environment: environment.merging(["CISTERN_HTTP_HOST": "0.0.0.0"]) { $1 })
        #expect(outcome.code == code)
        #expect(outcome.text.contains("everybody who reaches 0.0.0.0") == isWarned)
    }
}
