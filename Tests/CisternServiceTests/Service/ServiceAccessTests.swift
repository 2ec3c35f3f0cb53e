import CisternBytes
import CisternJSON
import CisternService
import TestSupport
import Testing

/// What a service with tokens does with requests that go wrong in several ways: the first check that fails answers.
@Suite("Service: access", .blocking) struct ServiceAccessTests {
    private static let tokens = #"""
        [{"name": "r", "token": "reader-reader", "scopes": ["read"]},
         {"name": "w", "token": "writer-writer", "scopes": ["write"]},
         {"name": "l", "token": "lister-lister", "scopes": ["list"]},
         {"name": "a", "token": "admin-admin-admin", "scopes": ["admin"]}]
        """#
    private static let environment = ["CISTERN_AUTH_TOKENS": tokens, "CISTERN_HTTP_ALLOWED_HOSTS": "localhost"]

    private func ask(
        _ service: LocalService, _ method: String, _ target: String, _ token: String? = nil, host: String = "localhost",
        _ fields: String = ""
    ) throws -> RawResponse {
        let connection = try service.connect()
        let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        try connection.send(Bytes("\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n\(authorization)\(fields)\r\n"))
        return try connection.readResponse(hasBody: method != "HEAD")
    }

    /// Each line is wrong in all the ways of the lines below it as well.
    @Test(
        arguments: [
            ("BREW", "/nowhere", nil, "evil", "", 501), ("POST", "/nowhere", nil, "evil", "", 421),
            ("POST", "/nowhere", nil, "localhost", "", 404),
            ("OPTIONS", "/stats?x=1", nil, "localhost", "", 204),
            ("POST", "/keys/%zz?x=1", nil, "localhost", "Expect: x\r\n", 401),
            ("POST", "/keys/%zz?x=1", "unknown-token", "localhost", "Expect: x\r\n", 401),
            ("POST", "/keys/%zz?x=1", "reader-reader", "localhost", "Expect: x\r\n", 405),
            ("PUT", "/keys/%zz?x=1", "reader-reader", "localhost", "Expect: x\r\n", 403),
            ("PUT", "/keys/%zz?x=1", "writer-writer", "localhost", "Expect: x\r\n", 400),
            ("PUT", "/keys/%zz", "writer-writer", "localhost", "Expect: x\r\n", 400),
            ("PUT", "/keys/a?ttl=0", "writer-writer", "localhost", "Expect: x\r\n", 400),
            ("PUT", "/keys/a", "writer-writer", "localhost", "Expect: x\r\n", 411),
            ("PUT", "/keys/a", "writer-writer", "localhost", "Expect: x\r\nContent-Length: 1\r\n", 417),
            ("GET", "/keys/a", "reader-reader", "localhost", "Expect: x\r\n", 417),
            ("GET", "/keys/a", "reader-reader", "localhost", "", 404),
            ("POST", "/keys?x=1", "reader-reader", "localhost", "Expect: x\r\n", 405),
            ("GET", "/keys?x=1", "reader-reader", "localhost", "Expect: x\r\n", 403),
            ("GET", "/keys?x=1", "lister-lister", "localhost", "Expect: x\r\n", 400),
            ("GET", "/keys?cursor=x", "lister-lister", "localhost", "Expect: x\r\n", 400),
            ("GET", "/keys", "lister-lister", "localhost", "Expect: x\r\n", 417),
            ("PUT", "/batch?x=1", nil, "localhost", "Expect: x\r\n", 401),
            ("PUT", "/batch?x=1", "lister-lister", "localhost", "Expect: x\r\n", 405),
            ("POST", "/batch?x=1", "lister-lister", "localhost", "Expect: x\r\n", 400),
            ("POST", "/batch", "lister-lister", "localhost", "If-Match: *\r\nExpect: x\r\n", 400),
            ("POST", "/batch", "lister-lister", "localhost", "Content-Encoding: br\r\nExpect: x\r\n", 411),
            (
                "POST", "/batch", "lister-lister", "localhost",
                "Content-Length: 99999999\r\nContent-Encoding: br\r\nExpect: x\r\n", 413
            ),
            ("POST", "/batch", "lister-lister", "localhost", "Content-Length: 1\r\nExpect: x\r\n", 415),
            (
                "POST", "/batch", "lister-lister", "localhost",
                "Content-Length: 1\r\nContent-Type: application/json\r\nExpect: x\r\n", 417
            ),
            ("GET", "/stats?x=1", "reader-reader", "localhost", "", 403),
            ("GET", "/stats?x=1", "admin-admin-admin", "localhost", "", 400),
            ("DELETE", "/health", nil, "evil", "", 405), ("GET", "/health?x=1", nil, "evil", "", 400),
        ] as [(String, String, String?, String, String, Int)])
    func theFirstCheckThatFailsAnswers(
        method: String, target: String, token: String?, host: String, fields: String, status: Int
    ) async throws {
        try await withService(Self.environment) { service in
            let told = try ask(service, method, target, token, host: host, fields)
            #expect(told.status == status)
        }
    }

    @Test func aRefusalSaysWhichTokenWouldDo() async throws {
        try await withService(Self.environment) { service in
            for (token, challenge) in [
                (nil, #"Bearer realm="cistern""#),
                ("unknown-token", #"Bearer realm="cistern", error="invalid_token""#),
                ("reader-reader", #"Bearer realm="cistern", error="insufficient_scope", scope="admin""#),
            ] {
                let refused = try ask(service, "GET", "/stats", token)
                #expect(refused.headers["WWW-Authenticate"] == challenge)
                #expect(refused.headers["Content-Type"] == "application/problem+json")
                #expect(refused.headers["Cache-Control"] == "no-store")
                #expect(!refused.body.text.contains(token ?? "Bearer realm"))
            }
            #expect(try ask(service, "GET", "/stats", "admin-admin-admin").headers["WWW-Authenticate"] == nil)
        }
    }

    @Test func onlyAnAdministratorSeesWhatHealthIsMadeOf() async throws {
        try await withService(Self.environment) { service in
            for token in [nil, "unknown-token", "reader-reader", "admin-admin-admin"] {
                let told = try ask(service, "GET", "/health", token)
                #expect(told.status == 200)
                let health = try #require(try JSONValue.parse(told.body.text).object)
                #expect(health["status"]?.string == "pass")
                #expect((health["checks"] != nil) == (token == "admin-admin-admin"))
            }
        }
        try await withService { service in
            let told = try ask(service, "GET", "/health")
            #expect(told.body.text.contains("checks"))
        }
    }

    @Test func tokensAreReplacedWhileItServes() async throws {
        try await withService(Self.environment) { service in
            let before = try ask(service, "GET", "/keys/a", "reader-reader")
            #expect(before.status == 404)
            let next = #"[{"name": "n", "token": "newcomer-newcomer", "scopes": ["read"]}]"#
            _ = try await service.server.apply(
                try ServiceConfig.load(environment: Self.environment.merging(["CISTERN_AUTH_TOKENS": next]) { $1 }))
            #expect(try ask(service, "GET", "/keys/a", "reader-reader").status == 401)
            #expect(try ask(service, "GET", "/keys/a", "newcomer-newcomer").status == 404)
        }
    }

    @Test func aWrongTokenOnAConnectionEndsNothingButItsRequest() async throws {
        try await withService(Self.environment) { service in
            let connection = try service.connect()
            for (token, status) in [("unknown-token", 401), ("reader-reader", 404), ("writer-writer", 403)] {
                try connection.send(
                    Bytes("GET /keys/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\r\n"))
                #expect(try connection.readResponse().status == status)
            }
        }
    }
}
