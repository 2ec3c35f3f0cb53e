import CisternConfiguration
import CisternService
import Testing

@Suite struct AuthTokensTests {
    private typealias Loads = ServiceConfigLoadTests

    private static func file(_ tokens: String) -> String { "{\"auth\": {\"tokens\": \(tokens)}}" }

    @Test func readsTokens() throws {
        let text =
            #"[{"name": "ci", "token": "abcdefghijkl", "scopes": ["read", "list"]}, {"name": "Ops_1.x-y", "token": "AZaz09-._~+/==", "scopes": ["admin", "write"]}]"#
        let tokens = [
            AuthToken(name: "ci", token: "abcdefghijkl", scopes: [.read, .list]),
            AuthToken(name: "Ops_1.x-y", token: "AZaz09-._~+/==", scopes: [.write, .admin]),
        ]
        #expect(try Loads.load(Self.file(text)).config.auth.tokens.list == tokens)
        #expect(try Loads.load(environment: ["CISTERN_AUTH_TOKENS": text]).config.auth.tokens.list == tokens)
        let fromFile = try Loads.load(environment: ["CISTERN_AUTH_TOKENS_FILE": "t.json"], others: ["t.json": text])
        #expect(fromFile.config.auth.tokens.list == tokens)
        #expect(fromFile.sources["auth.tokens"]?.description == "file t.json")
    }

    @Test func tokensOfConfigurationAndFileAreOneList() throws {
        let own = Self.file(#"[{"name": "a", "token": "aaaaaaaaaaaa", "scopes": ["read"]}]"#)
        let environment = ["CISTERN_AUTH_TOKENS_FILE": "t.json", "CISTERN_HTTP_HOST": "0.0.0.0"]
        let loaded = try Loads.load(
            own, environment: environment,
            others: ["t.json": #"[{"name": "b", "token": "bbbbbbbbbbbb", "scopes": ["read"]}]"#])
        #expect(loaded.config.auth.tokens.list.map(\.name) == ["a", "b"])
        #expect(
            Loads.faults(
                own, environment: environment,
                others: ["t.json": #"[{"name": "a", "token": "aaaaaaaaaaaa", "scopes": ["read"]}]"#]) == [
                    "auth.tokens[1].name = (redacted) (file t.json): must be unique; tokens 0 and 1 are both called so",
                    "auth.tokens[1].token = (redacted) (file t.json): must be unique; tokens 0 and 1 are equal",
                ])
    }

    @Test(arguments: [
        (#"{}"#, ["auth.tokens = (redacted) (file c.json:1:21): must be a list of tokens; it is an object"]),
        (#"[1]"#, ["auth.tokens[0] = (redacted) (file c.json:1:22): must be an object; it is an integer"]),
        (
            #"[{}]"#,
            [
                "auth.tokens[0].name = (redacted) (file c.json:1:22): must be given; each token has a name, a token and scopes",
                "auth.tokens[0].token = (redacted) (file c.json:1:22): must be given; each token has a name, a token and scopes",
                "auth.tokens[0].scopes = (redacted) (file c.json:1:22): must be a list of read, write, list, admin; each token has a name, a token and scopes",
            ]
        ),
        (
            #"[{"name":"a","tokn":"hunter2hunter2","token":"abcdefghijkl","scopes":["raed","read","read",1]}]"#,
            [
                "auth.tokens[0].tokn = (redacted) (file c.json:1:34): is not a known key; did you mean token?",
                "auth.tokens[0].scopes[0] = (redacted) (file c.json:1:91): must be one of read, write, list, admin; did you mean read?",
                "auth.tokens[0].scopes[2] = (redacted) (file c.json:1:105): must not be given twice; remove one read",
                "auth.tokens[0].scopes[3] = (redacted) (file c.json:1:112): must be one of read, write, list, admin",
            ]
        ),
        (
            #"[{"name":1,"token":"abcdefghijkl","scopes":["read"]}]"#,
            ["auth.tokens[0].name = (redacted) (file c.json:1:30): must be a string; it is an integer"]
        ),
    ])
    func saysWhatIsWrongWithTheShape(tokens: String, faults: [String]) {
        #expect(Loads.faults(Self.file(tokens)) == faults)
    }

    @Test(
        arguments: [
            ("a", "abcdefghijkl", [AuthScope.read], nil), ("a", "abcdefghijk", [.read], "token"),
            ("a", String(repeating: "a", count: 4096), [.read], nil),
            ("a", String(repeating: "a", count: 4097), [.read], "token"),
            ("a", "abcdefghijkl=", [.read], nil), ("a", "abcdef=ghijkl", [.read], "token"),
            ("a", "============", [.read], "token"),
            ("a", "abcdef ghijkl", [.read], "token"), ("a", "abcdefghijklé", [.read], "token"),
            ("a", "abcdefghijkl", [], "scopes"),
            ("", "abcdefghijkl", [.read], "name"), (String(repeating: "a", count: 64), "abcdefghijkl", [.read], nil),
            (String(repeating: "a", count: 65), "abcdefghijkl", [.read], "name"),
            ("a b", "abcdefghijkl", [.read], "name"),
        ] as [(String, String, [AuthScope], String?)])
    func checksEachToken(name: String, token: String, scopes: [AuthScope], fault: String?) {
        var config = ServiceConfig()
        config.auth.tokens.list = [AuthToken(name: name, token: token, scopes: Set(scopes))]
        #expect(ServiceConfig.catalog.faults(in: config).map(\.key) == (fault.map { ["auth.tokens[0].\($0)"] } ?? []))
    }

    @Test(arguments: [
        (
            nil,
            "auth.tokens_file = t.json (environment CISTERN_AUTH_TOKENS_FILE): must be a file that exists; there is no t.json"
        ),
        ("[", "auth.tokens = (redacted) (file t.json:1:2): must be JSON: found the end of the text; expected a value"),
        ("[1]", "auth.tokens[0] = (redacted) (file t.json:1:2): must be an object; it is an integer"),
        (
            "[]",
            "auth.tokens = (redacted) (file t.json): must hold at least one token; each has a name, a token and scopes"
        ),
    ])
    func aTokensFileThatCannotBeUsedIsTheOnlyFault(content: String?, fault: String) {
        // No word of the open address: nobody knows what tokens there would be.
        let environment = ["CISTERN_AUTH_TOKENS_FILE": "t.json", "CISTERN_HTTP_HOST": "0.0.0.0"]
        var others: [String: String] = [:]
        others["t.json"] = content
        #expect(Loads.faults(environment: environment, others: others) == [fault])
    }

    @Test func neverShowsAToken() throws {
        let secret = "hunter2hunter2"
        let loaded = try Loads.load(
            Self.file(#"[{"name": "ci", "token": "\#(secret)", "scopes": ["read"]}]"#),
            environment: ["REDIS_PASSWORD": secret])
        var dumped = ""
        dump(loaded, to: &dumped)
        dump(loaded.config.auth, to: &dumped)
        let config = loaded.config
        for text in [
            dumped, "\(loaded)", "\(config)", String(reflecting: config), "\(config.auth)",
            "\(config.auth.tokens.list)",
            String(reflecting: config.auth.tokens), loaded.show(), loaded.showJSON(), loaded.checkText,
            ServiceConfig.catalog.file(config, schema: nil),
        ] {
            #expect(!text.contains(secret))
        }
        #expect(loaded.show().contains(#"[{"name":"ci","token":"(redacted)","scopes":["read"]}]"#))
        #expect(dumped.contains("ci"))
    }
}
