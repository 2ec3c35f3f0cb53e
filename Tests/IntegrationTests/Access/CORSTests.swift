import CisternBytes
import TestSupport
import Testing

/// What a browser is told that asks for a page of another origin.
@Suite("CORS", .blocking) struct CORSTests {
    private static let page = "https://app.example"

    private static let service = Result {
        try Stack.local([
            "CISTERN_HTTP_CORS_ORIGINS": "https://other.example:8443,\(page)", "CISTERN_AUTH_TOKENS": Tokens.json,
        ])
    }

    private func names(_ value: String?) -> Set<String> {
        Set((value ?? "").split(separator: ",").map { $0.filter { $0 != " " } })
    }

    private static let exposed: Set = [
        "ETag", "Cache-TTL", "Cache-Source", "Location", "X-Request-Id", "Age", "Cache-Status", "Cache-Durability",
        "Retry-After", "WWW-Authenticate",
    ]

    @Test(
        arguments: [
            ("GET", "/keys/none", 404), ("PUT", "/keys/x?ttl=0", 400), ("PUT", "/keys/x", 201), ("GET", "/keys/x", 200),
            ("HEAD", "/keys/x", 200), ("POST", "/keys/x", 405), ("DELETE", "/keys/x", 204), ("GET", "/nowhere", 404),
            ("GET", "/stats", 403), ("GET", "/health", 200), ("OPTIONS", "/keys/x", 204), ("PUT", "/keys/x?large", 400),
        ], [nil, page, "https://evil.example"])
    func everyAnswerSaysWhoMayReadIt(request: (String, String, Int), origin: String?) throws {
        let curl = try Self.service.get().curl()
        let (method, path, status) = request
        // Cases run side by side: each has a key of its own.
        let target = path == "/keys/x" ? "/keys/\(method)-\(origin?.count ?? 0)" : path
        let fields = [Tokens.field(Tokens.token(["read", "write"]))]
        if method != "PUT", target != path { _ = try curl.put(target, "v", headers: fields) }
        let answer = try curl.send(
            CurlRequest(
                method, target, headers: fields + (origin.map { ["Origin: \($0)"] } ?? []),
                body: method == "PUT" ? .whole("v") : .none))
        #expect(answer.status == status)
        #expect(answer.headers["Vary"] == "Origin")
        #expect(answer.headers["Access-Control-Allow-Origin"] == (origin == Self.page ? origin : nil))
        #expect(names(answer.headers["Access-Control-Expose-Headers"]) == (origin == Self.page ? Self.exposed : []))
        #expect(answer.headers["Access-Control-Allow-Credentials"] == nil)
    }

    @Test func aPageLearnsWhyItIsRefused() throws {
        let curl = try Self.service.get().curl()
        let refused = try curl.get("/keys/x", headers: ["Origin: \(Self.page)"])
        #expect(refused.status == 401)
        #expect(refused.headers["Access-Control-Allow-Origin"] == Self.page)
        #expect(names(refused.headers["Access-Control-Expose-Headers"]).contains("WWW-Authenticate"))
    }

    @Test(arguments: [
        ("/keys/x", "GET, HEAD, PUT, DELETE, OPTIONS"), ("/stats", "GET, HEAD, OPTIONS"),
        ("/health", "GET, HEAD, OPTIONS"),
    ])
    func aPreflightNeedsNoTokenAndNamesWhatAPageMaySend(path: String, methods: String) throws {
        let curl = try Self.service.get().curl()
        let answer = try curl.options(
            path,
            headers: [
                "Origin: \(Self.page)", "Access-Control-Request-Method: PUT",
                "Access-Control-Request-Headers: authorization,content-type",
            ])
        #expect(answer.status == 204)
        #expect(answer.headers["Access-Control-Allow-Origin"] == Self.page)
        #expect(answer.headers["Access-Control-Allow-Methods"] == methods)
        #expect(answer.headers["Allow"] == methods)
        #expect(answer.headers["Access-Control-Max-Age"].flatMap { Int($0) } == 7200)
        let allowed = names(answer.headers["Access-Control-Allow-Headers"])
        #expect(allowed.isSuperset(of: ["Authorization", "Content-Type", "If-Match", "If-None-Match", "Prefer"]))
        #expect(answer.headers["Vary"] == "Origin")
    }

    @Test(arguments: [
        ["Origin: https://evil.example", "Access-Control-Request-Method: PUT"],
        ["Origin: null", "Access-Control-Request-Method: PUT"], ["Origin: https://app.example"],
        ["Access-Control-Request-Method: PUT"],
    ])
    func whatIsNoPreflightOfAnAllowedPageIsToldTheMethodsAlone(fields: [String]) throws {
        let answer = try Self.service.get().curl().options("/keys/x", headers: fields)
        #expect(answer.status == 204)
        for name in ["Methods", "Headers"] { #expect(answer.headers["Access-Control-Allow-\(name)"] == nil) }
        #expect(answer.headers["Access-Control-Max-Age"] == nil)
        let isPage = fields[0] == "Origin: \(Self.page)"
        #expect((answer.headers["Access-Control-Allow-Origin"] != nil) == isPage)
    }

    @Test func aStarIsForEveryPage() throws {
        let curl = try Stack.local(["CISTERN_HTTP_CORS_ORIGINS": "*"]).curl()
        for fields in [["Origin: https://any.example"], ["Origin: null"], []] {
            let answer = try curl.get("/keys/x", headers: fields)
            #expect(answer.headers["Access-Control-Allow-Origin"] == "*")
            #expect(answer.headers["Vary"] == nil)
        }
        let preflight = ["Origin: https://any.example", "Access-Control-Request-Method: DELETE"]
        let answer = try curl.options("/keys/x", headers: preflight)
        #expect(answer.headers["Access-Control-Allow-Origin"] == "*")
        #expect(names(answer.headers["Access-Control-Allow-Methods"]).contains("DELETE"))
        // Of a request that is not understood nobody knows the origin, and a star needs none.
        #expect(try curl.send(CurlRequest("BREW", "/keys/x")).headers["Access-Control-Allow-Origin"] == "*")
    }

    @Test func withoutOriginsNothingIsSaidOfIt() throws {
        let curl = try Backend.local.stack.curl()
        let preflight = ["Origin: \(Self.page)", "Access-Control-Request-Method: PUT"]
        for answer in [
            try curl.options("/keys/x", headers: preflight), try curl.get("/keys/x", headers: preflight),
            try curl.get("/nowhere", headers: preflight), try curl.get("/health", headers: preflight),
        ] {
            #expect(answer.headers["Vary"] == nil)
            #expect(!answer.headers.fields.contains { $0.name.lowercased().hasPrefix("access-control-") })
        }
    }
}
