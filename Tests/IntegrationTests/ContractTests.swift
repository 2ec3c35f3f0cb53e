import CisternBytes
import TestSupport
import Testing

@Suite("Methods, limits and errors", .blocking) struct ContractTests {
    @Test(arguments: [
        ("/keys/x", ["DELETE", "GET", "HEAD", "OPTIONS", "PUT"]), ("/health", ["GET", "HEAD", "OPTIONS"]),
        ("/keys", ["GET", "HEAD", "OPTIONS"]), ("/batch", ["OPTIONS", "POST"]),
        ("/health/live", ["GET", "HEAD", "OPTIONS"]), ("/health/ready", ["GET", "HEAD", "OPTIONS"]),
        ("/stats", ["GET", "HEAD", "OPTIONS"]), ("/metrics", ["GET", "HEAD", "OPTIONS"]),
        ("/openapi.json", ["GET", "HEAD", "OPTIONS"]),
    ])
    func everyRouteNamesItsMethods(path: String, methods: [String]) throws {
        let curl = try Backend.local.stack.curl()
        let answer = try curl.options(path)
        #expect(answer.status == 204)
        #expect(allowed(answer) == methods)
        let refused = try curl.send(CurlRequest("PATCH", path, headers: ["Content-Length: 0"]))
        #expect(refused.status == 405)
        #expect(allowed(refused) == methods)
    }

    private func allowed(_ answer: CurlResponse) -> [String]? {
        answer.headers["Allow"]?.split(separator: ",").map { $0.filter { $0 != " " } }.sorted()
    }

    @Test(arguments: [
        ("GET", "/nowhere", 404), ("GET", "/", 404), ("PUT", "/key/x", 404), ("BREW", "/keys/x", 501),
        ("get", "/keys/x", 501), ("GET", "/keys/x?ttl=60", 400), ("DELETE", "/keys/x?nonsense=1", 400),
        ("GET", "/health?x=1", 400), ("GET", "/keys?x=1", 400), ("POST", "/batch?x=1", 400), ("GET", "/batch", 405),
        ("POST", "/keys", 405), ("GET", "/batch/", 404), ("DELETE", "/health", 405), ("PUT", "/stats", 405),
        ("GET", "/metrics?x=1", 400), ("PATCH", "/keys/x", 405), ("QUERY", "/keys/x", 405),
    ])
    func aRequestForNothingIsRefused(method: String, path: String, status: Int) throws {
        let curl = try Backend.local.stack.curl()
        #expect(try curl.send(CurlRequest(method, path, headers: ["Content-Length: 0"])).status == status)
    }

    @Test(arguments: [
        ("GET", "/nowhere", 404), ("GET", "/keys/never-written", 404), ("GET", "/keys/%zz", 400),
        ("PUT", "/keys/x?ttl=0", 400), ("BREW", "/keys/x", 501), ("POST", "/keys/x", 405),
    ])
    func everyErrorIsAProblemWithAnIdentity(method: String, path: String, status: Int) throws {
        let curl = try Backend.local.stack.curl()
        let answer = try curl.send(CurlRequest(method, path, headers: ["Content-Length: 0"]))
        #expect(answer.status == status)
        #expect(answer.headers["Content-Type"] == "application/problem+json")
        let problem = try JSONText(answer.text)
        #expect(problem["status"] == .number(Double(status)))
        for member in ["type", "title", "detail", "instance"] {
            #expect(problem[member]?.string?.isEmpty == false, "\(member)")
        }
        let identity = try #require(answer.headers["X-Request-Id"])
        #expect(problem["instance"]?.string?.contains(identity) == true)
    }

    @Test func aSafeRequestIdentityIsTakenAndAnyOtherReplaced() throws {
        let curl = try Backend.local.stack.curl()
        let safe = String(repeating: "a-1", count: 21)
        #expect(try curl.get("/nowhere", headers: ["X-Request-Id: \(safe)"]).headers["X-Request-Id"] == safe)
        for unsafe in ["two words", "\"<script>", String(repeating: "a", count: 65)] {
            let answer = try curl.get("/nowhere", headers: ["X-Request-Id: \(unsafe)"])
            #expect(answer.headers["X-Request-Id"]?.isEmpty == false)
            #expect(answer.headers["X-Request-Id"] != unsafe)
        }
    }

    /// A request that is no HTTP is named by its client as well, where the name stands before the fault.
    @Test(arguments: [
        ("Content-Length: 1\r\nContent-Length: 2\r\n", true), ("Host: other\r\n", true),
        ("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", true), ("A : b\r\n", true),
        ("X-Request-Id: second\r\nA : b\r\n", false), ("A: \(String(repeating: "a", count: 17_000))\r\n", true),
    ])
    func aRefusedRequestKeepsItsName(_ lines: String, isNamed: Bool) throws {
        let connection = try Backend.local.stack.raw()
        try connection.send("GET /nowhere HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: the-one-before\r\n\r\n")
        #expect(try connection.readResponse().headers["X-Request-Id"] == "the-one-before")
        try connection.send(
            Bytes("PUT /keys/k HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: my-own\r\n\(lines)\r\n"))
        let answer = try connection.readResponse()
        #expect(answer.status >= 400)
        let id = try #require(answer.headers["X-Request-Id"])
        #expect((id == "my-own") == isNamed && id != "the-one-before")
        #expect(try JSONText(answer.body.string ?? "")["instance"]?.string == id)
    }

    @Test func aRequestThatIsNoneHasNotTheNameOfTheOneBefore() throws {
        let connection = try Backend.local.stack.raw()
        try connection.send("GET /nowhere HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: the-one-before\r\n\r\n")
        #expect(try connection.readResponse().headers["X-Request-Id"] == "the-one-before")
        try connection.send("nonsense\r\n\r\n")
        let answer = try connection.readResponse()
        #expect(answer.status == 400 && answer.headers["X-Request-Id"]?.utf8.count == 16)
    }

    /// What is refused by its head is refused before its content has come.
    @Test(arguments: [
        ("GET", "/nowhere", 404), ("DELETE", "/stats", 405), ("GET", "/keys/", 400), ("GET", "/keys?cursor=no", 400),
        ("GET", "/stats?a=b", 400),
    ])
    func aRefusalWaitsForNoContent(method: String, path: String, status: Int) throws {
        let connection = try Backend.local.stack.raw()
        try connection.send(Bytes("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"))
        let answer = try connection.readResponse()
        #expect(answer.status == status && answer.headers["Connection"] == "close")
    }

    @Test func whatIsTakenInsteadIsNamed() throws {
        let curl = try Backend.local.stack.curl()
        for path in ["/keys/k", "/batch"] {
            let method = path == "/batch" ? "POST" : "PUT"
            let answer = try curl.send(
                CurlRequest(
                    method, path, headers: ["Content-Encoding: gzip", "Content-Type: application/json"],
                    body: .whole("{}")))
            #expect(answer.status == 415)
            #expect(answer.headers["Accept-Encoding"] == "identity" && answer.headers["Accept"] == nil)
        }
        let answer = try curl.send(
            CurlRequest("POST", "/batch", headers: ["Content-Type: text/plain"], body: .whole("{}")))
        #expect(answer.status == 415)
        #expect(answer.headers["Accept"] == "application/json" && answer.headers["Accept-Encoding"] == nil)
    }

    /// Content that means nothing costs no connection.
    @Test(arguments: [
        ("GET", "/health/live"), ("HEAD", "/keys/k"), ("DELETE", "/keys/k"), ("OPTIONS", "/keys"), ("GET", "/keys"),
    ])
    func smallContentThatMeansNothingLeavesTheConnectionOpen(method: String, path: String) throws {
        let connection = try Backend.local.stack.raw()
        for length in [2, 65536] {
            try connection.send(
                Bytes("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(length)\r\n\r\n"))
            try connection.send(Bytes(repeatElement(0x78, count: length)))
            #expect(try connection.readResponse(hasBody: method != "HEAD").headers["Connection"] == nil)
        }
        try connection.send(
            Bytes("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65537\r\n\r\n"))
        #expect(try connection.readResponse(hasBody: method != "HEAD").headers["Connection"] == "close")
    }

    @Test(
        .serialized,
        arguments: [
            ("Content-Encoding: gzip", 415), ("Content-Encoding: identity", 201), ("Content-Range: bytes 0-0/1", 400),
            ("Expect: 200-ok", 417),
        ])
    func headersOfTheBodyAreMinded(header: String, status: Int) throws {
        let curl = try Backend.local.stack.curl()
        _ = try curl.delete("/keys/header")
        #expect(try curl.put("/keys/header", "v", headers: [header]).status == status)
        #expect(try curl.get("/keys/header").status == (status == 201 ? 200 : 404))
    }

    @Test func aBodyWithoutLengthIsRefused() throws {
        let connection = try Backend.local.stack.raw()
        try connection.send("PUT /keys/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try connection.readResponse().status == 411)
    }

    @Test func aValueOverTheLimitIsRefusedBeforeItIsSent() throws {
        let curl = try Backend.local.stack.curl()
        let tooMuch = Bytes([UInt8](repeating: 0x61, count: (1 << 20) + 1))
        let refused = try curl.put("/keys/large", tooMuch)
        #expect(refused.status == 413)
        #expect(refused.text.contains("1048576"))
        #expect(refused.interim.isEmpty)
        #expect(try curl.get("/keys/large").status == 404)
        #expect(try curl.put("/keys/large", Bytes(tooMuch.dropLast())).status == 201)
    }

    @Test func aChunkedValueIsCutAtTheSameLimit() throws {
        let curl = try Stack.local(["CISTERN_HTTP_MAX_VALUE_BYTES": "1000"]).curl()
        let chunk = Bytes([UInt8](repeating: 0x61, count: 500))
        #expect(try curl.send(CurlRequest("PUT", "/keys/c", body: .chunked([chunk, chunk]))).status == 201)
        let refused = try curl.send(CurlRequest("PUT", "/keys/d", body: .chunked([chunk, chunk, "1"])))
        #expect(refused.status == 413)
        #expect(refused.text.contains("1000"))
        #expect(try curl.get("/keys/d").status == 404)
    }

    @Test func headersHaveALimit() throws {
        let curl = try Backend.local.stack.curl()
        let large = String(repeating: "h", count: 15_000)
        #expect(try curl.get("/keys/never-written", headers: ["X-Large: \(large)"]).status == 404)
        #expect(try curl.get("/health", headers: ["X-Large: \(large)\(large)"]).status == 431)
    }

    @Test(arguments: [
        ("localhost", 404), ("127.0.0.1:1", 404), ("[::1]:8080", 404), ("evil.example", 421), ("localhost.evil", 421),
    ])
    func anotherHostIsMisdirected(host: String, status: Int) throws {
        let curl = try Backend.local.stack.curl()
        let answer = try curl.get("/keys/never-written", headers: ["Host: \(host)"])
        #expect(answer.status == status)
        #expect(status != 421 || answer.text.contains("allowed_hosts"))
        #expect(try curl.get("/health/live", headers: ["Host: \(host)"]).status == 200)
    }
}
