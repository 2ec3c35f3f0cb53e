import CisternBytes
import Glibc
import TestSupport
import Testing

@Suite("Tokens", .blocking) struct TokenTests {
    private static let good = Tokens.token(["read"])

    @Test(arguments: [
        "Authorization: Bearer \(good)", "Authorization: bearer \(good)", "Authorization: BEARER \(good)",
        "authorization:Bearer   \(good)", "Authorization: Bearer \(good)   ", "Authorization: \t Bearer \(good)\t",
    ])
    func theSchemeIsReadAsHTTPSays(field: String) throws {
        #expect(try ask(field).status == 404)
    }

    @Test(arguments: [
        // Of the same length, a prefix, one byte more, in another case, two at once.
        "Authorization: Bearer \(Tokens.unknown)", "Authorization: Bearer \(good.dropLast())",
        "Authorization: Bearer \(good.dropFirst())", "Authorization: Bearer \(good)=", "Authorization: Bearer \(good)0",
        "Authorization: Bearer \(good.uppercased())", "Authorization: Bearer \(good) \(good)",
        "Authorization: Bearer \(good), Bearer \(good)", "Authorization: Bearer \"\(good)\"",
        "Authorization: Bearer", "Authorization: Bearer ", "Authorization: Bearer a",
        "Authorization: Bearer " + String(repeating: "a", count: 10_000),
        "Authorization: Bearer \(good)\r\nAuthorization: Bearer \(good)",
        "Authorization: Bearer \(good)\r\nAuthorization: Basic YTpi",
        "Authorization: Basic YTpi\r\nAuthorization: Bearer \(good)",
    ])
    func aWrongTokenIsCalledInvalid(field: String) throws {
        let answer = try ask(field)
        #expect(answer.status == 401)
        #expect(answer.headers["WWW-Authenticate"] == #"Bearer realm="cistern", error="invalid_token""#)
        #expect(!String(decoding: Array(answer.body), as: UTF8.self).contains(Self.good))
    }

    @Test(arguments: [
        "X: y", "Authorization:", "Authorization: \(good)", "Authorization: Basic \(good)",
        "Authorization: Bearer\(good)", "Authorization: Bearer\t\(good)", "Authorization: Token \(good)",
        "Proxy-Authorization: Bearer \(good)", "Cookie: access_token=\(good)",
    ])
    func nothingOfTheSchemeIsNoToken(field: String) throws {
        let answer = try ask(field)
        #expect(answer.status == 401)
        #expect(answer.headers["WWW-Authenticate"] == #"Bearer realm="cistern""#)
    }

    @Test(arguments: ["access_token", "token", "authorization", "Authorization"])
    func aTokenInTheQueryIsNone(name: String) throws {
        let target = "/keys/k?\(name)=\(Self.good)"
        #expect(try ask("X: y", target: target).status == 401)
        #expect(try ask("X: y", target: "/keys/k?\(name)=Bearer%20\(Self.good)").status == 401)
        // And nothing that is understood beside one that counts.
        #expect(try ask("Authorization: Bearer \(Self.good)", target: target).status == 400)
    }

    /// Nobody is told to send a body that will not be taken.
    @Test(
        arguments: [
            ([], 401), ([Tokens.field(Tokens.unknown)], 401), ([Tokens.field(good)], 403),
            ([Tokens.field(Tokens.token(["write"]))], 201),
        ] as [([String], Int)])
    func onlyAWriterIsToldToContinue(fields: [String], status: Int) throws {
        let curl = try Tokens.curl()
        _ = try curl.delete("/keys/continued", headers: [Tokens.field(Tokens.token(["write"]))])
        // A body of this size has libcurl ask for it, and wait.
        let body = Bytes([UInt8](repeating: 0x61, count: 1 << 20))
        let answer = try curl.put("/keys/continued", body, headers: fields + ["Expect: 100-continue"])
        #expect(answer.status == status)
        #expect(answer.interim == (status == 201 ? [100] : []))
    }

    @Test func aRefusedBodyEndsTheConnectionAndIsNotTheNextRequest() throws {
        let raw = try Tokens.service.get().raw()
        let smuggled = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        try raw.send(
            Bytes(
                "PUT /keys/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n\(smuggled)"))
        let answer = try raw.readResponse()
        #expect(answer.status == 401)
        #expect(answer.headers["Connection"] == "close")
        raw.shutdownWrite()
        #expect(try raw.readToEnd().isEmpty)
    }

    @Test func tokensOfAFileCountBesideTheOthers() throws {
        let path = try makeTemporaryFolder() + "/tokens.json"
        try writeFile(path, #"[{"name": "file", "token": "token-of-the-file", "scopes": ["read"]}]"#)
        let stack = try Stack.local([
            "CISTERN_AUTH_TOKENS": Tokens.json, "CISTERN_AUTH_TOKENS_FILE": path, "CISTERN_LOG_LEVEL": "trace",
        ])
        let curl = try stack.curl()
        #expect(try curl.get("/keys/k").status == 401)
        for token in ["token-of-the-file", Self.good] {
            #expect(try curl.get("/keys/k", headers: [Tokens.field(token)]).status == 404)
        }
        #expect(try curl.get("/keys/k", headers: [Tokens.field("token-of-another")]).status == 401)
        for secret in ["token-of-the-file", Self.good, "token-of-another"] {
            #expect(!stack.service.text.contains(secret))
        }
    }

    @Test func tokensChangeWithTheNextRequestAfterAReload() throws {
        let path = try makeTokensFile("first-of-tokens")
        let stack = try SecureStack(nil, settings: #""auth": {"tokens_file": "\#(path)"}"#)
        let curl = try stack.plainCurl()
        let (first, second) = ([Tokens.field("first-of-tokens")], [Tokens.field("second-of-tokens")])
        #expect(try curl.get("/keys/k", headers: first).status == 404)
        #expect(try curl.get("/keys/k", headers: second).status == 401)

        let changed = try makeTokensFile("second-of-tokens")
        try stack.configure(settings: #""auth": {"tokens_file": "\#(changed)"}"#, isTLS: false)
        #expect(try stack.reload().contains("auth.tokens"))
        let refused = try curl.get("/keys/k", headers: first)
        #expect(refused.status == 401 && refused.connectionsMade == 0)
        #expect(try curl.get("/keys/k", headers: second).status == 404)

        // What cannot be read takes nobody's token away, and gives nobody one.
        try writeFile(changed, "[]")
        #expect(try stack.reload().contains("not reloaded"))
        #expect(try curl.get("/keys/k", headers: second).status == 404)
        #expect(try curl.get("/keys/k").status == 401)
        #expect(!stack.service.text.contains("of-tokens"))
    }

    @Test func aTokensFileThatAllCanReadIsWarnedOf() throws {
        let path = try makeTokensFile("first-of-tokens")
        #expect(chmod(path, 0o640) == 0)
        let stack = try SecureStack(nil, settings: #""auth": {"tokens_file": "\#(path)"}"#)
        #expect(!stack.service.text.contains("chmod"))
        #expect(chmod(path, 0o604) == 0)
        let warning = "auth.tokens_file: every user of this machine can read the tokens in it"
        let log = try stack.reload()
        #expect(log.contains("warning \(warning)") && log.contains("chmod 600 \(path)"))
        let second = try SecureStack(nil, settings: #""auth": {"tokens_file": "\#(path)"}"#)
        #expect(second.service.text.contains("warning \(warning)"))
        #expect(try second.plainCurl().get("/keys/k", headers: [Tokens.field("first-of-tokens")]).status == 404)
    }

    /// A file with one token, which can read.
    private func makeTokensFile(_ token: String) throws -> String {
        let path = try makeTemporaryFolder() + "/tokens.json"
        try writeFile(path, Bytes(#"[{"name": "one", "token": "\#(token)", "scopes": ["read"]}]"#))
        return path
    }

    @Test func withoutTokensNobodyIsAsked() throws {
        let curl = try Backend.local.stack.curl()
        #expect(try curl.get("/stats").status == 200)
        #expect(try curl.get("/stats", headers: [Tokens.field(Tokens.unknown)]).status == 200)
        #expect(try curl.get("/health").text.contains("checks"))
    }

    /// Sends fields as they stand, which libcurl does not with all of these.
    private func ask(_ field: String, target: String = "/keys/k") throws -> RawResponse {
        let raw = try Tokens.service.get().raw()
        try raw.send(Bytes("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\(field)\r\n\r\n"))
        return try raw.readResponse()
    }
}
