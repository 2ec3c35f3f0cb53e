import Cistern
import CisternBytes
import CisternJSON
import CisternSockets
import TestSupport
import Testing

@testable import CisternService

@Suite("Service: answers", .blocking) struct ServiceAnswerTests {
    private func answer(
        _ service: LocalService, _ method: String, _ target: String, _ fields: String = "", body: String? = nil
    ) throws -> RawResponse {
        let connection = try service.connect()
        let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
        try connection.send(
            Bytes("\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n\(fields)\(length)\r\n\(body ?? "")"))
        return try connection.readResponse(hasBody: method != "HEAD")
    }

    /// So that who reads it next does not make it again.
    @Test func aWriteKeepsTheDigestThatItHasMadeForItsEntityTag() async throws {
        try await withService { service in
            guard case .local(let store) = service.server.state.backend else { throw TestFailure("another backend") }
            let digest = SHA1.digest(of: "v")
            let answer = try answer(service, "PUT", "/keys/a", body: "v")
            #expect(answer.headers["ETag"] == "\"\(digest.hex.string ?? "")\"")
            #expect(store.read("a").digest == digest)
            _ = try self.answer(service, "PUT", "/keys/a", "If-None-Match: \"0\"\r\n", body: "w")
            #expect(store.read("a").value == "w" && store.read("a").digest == SHA1.digest(of: "w"))
        }
    }

    @Test func aBatchKeepsTheDigestsThatItHasMade() async throws {
        try await withService { service in
            guard case .local(let store) = service.server.state.backend else { throw TestFailure("another backend") }
            _ = try store.put("read", "v", expiry: .never)
            #expect(store.read("read").digest == nil)
            let operations = #"[{"op": "get", "key": "read"}, {"op": "put", "key": "written", "value": "w"}]"#
            let answer = try answer(
                service, "POST", "/batch", "Content-Type: application/json\r\n",
                body: #"{"ops": \#(operations)}"#)
            #expect(answer.status == 200 && answer.body.text.contains(SHA1.digest(of: "v").hex.text))
            #expect(store.read("read").digest == SHA1.digest(of: "v"))
            #expect(store.read("written").digest == SHA1.digest(of: "w"))
        }
    }

    @Test(arguments: [
        ("/keys/a?ttl=60", "/keys/a"), ("/keys/b?keep_ttl=true", "/keys/b"), ("/keys/c%20d/e", "/keys/c%20d/e"),
        ("/keys/AP8?key_encoding=base64url&ttl=60", "/keys/AP8?key_encoding=base64url"),
        ("http://localhost/keys/f?ttl=1h", "/keys/f"),
    ])
    func theLocationOfANewKeyLeadsToIt(target: String, location: String) async throws {
        try await withService { service in
            let made = try answer(service, "PUT", target, body: "v")
            #expect(made.status == 201)
            #expect(made.headers["Location"] == location)
            #expect(try answer(service, "GET", location).body == "v")
            #expect(try answer(service, "PUT", target, body: "w").headers["Location"] == nil)
        }
    }

    @Test(
        arguments: [
            ("GET", "/keys/none", "", nil, 404), ("HEAD", "/keys/none", "", nil, 404), ("GET", "/none", "", nil, 404),
            ("POST", "/keys/a", "", "", 405), ("HEAD", "/keys/a?x=1", "", nil, 400),
            ("GET", "/keys/a", "Expect: x\r\n", nil, 417),
            ("PUT", "/keys/a", "", nil, 411), ("PUT", "/keys/a", "Content-Length: 9999999\r\n", nil, 413),
            ("PUT", "/keys/a", "Content-Encoding: br\r\n", "v", 415), ("PUT", "/keys/a", "Expect: x\r\n", "v", 417),
            ("PUT", "/keys/a", "Content-Range: bytes 0-0/1\r\n", "v", 400), ("BREW", "/keys/a", "", nil, 501),
            ("GET", "http://evil/keys/a", "", nil, 421), ("GET", "http://evil/nowhere", "", nil, 421),
            ("OPTIONS", "http://evil/keys/a", "", nil, 421),
            ("GET", "/keys/" + String(repeating: "k", count: 1025), "", nil, 414),
            ("GET", "/keys/" + String(repeating: "k", count: 9000), "", nil, 414),
            ("GET", "/keys/a", "X: " + String(repeating: "x", count: 17_000) + "\r\n", nil, 431),
        ] as [(String, String, String, String?, Int)])
    func everyErrorIsAProblemWithItsRequest(
        method: String, target: String, fields: String, body: String?, status: Int
    ) async throws {
        try await withService { service in
            let refused = try answer(service, method, target, fields, body: body)
            #expect(refused.status == status)
            #expect(refused.headers["Content-Type"] == "application/problem+json")
            #expect(refused.headers["X-Content-Type-Options"] == "nosniff")
            let id = try #require(refused.headers["X-Request-Id"])
            guard method != "HEAD" else { return }
            let problem = try #require(try JSONValue.parse(refused.body.text).object)
            #expect(problem["status"]?.integer == Int64(status))
            #expect(problem["instance"]?.string == id)
        }
    }

    @Test func aRefusedMethodNamesTheOthers() async throws {
        try await withService { service in
            #expect(
                try answer(service, "DELETE", "/stats").headers["Allow"] == "GET, HEAD, OPTIONS")
            for method in ["OPTIONS", "POST", "PATCH", "TRACE"] {
                let told = try answer(service, method, "/keys/a")
                #expect(told.status == (method == "OPTIONS" ? 204 : 405))
                #expect(told.headers["Allow"] == "GET, HEAD, PUT, DELETE, OPTIONS")
            }
        }
    }

    @Test func whoIsTooManyIsToldWhenToTryAgain() async throws {
        try await withService(["CISTERN_HTTP_MAX_CONNECTIONS": "1"]) { service in
            let first = try service.connect()
            try first.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try first.readResponse().status == 200)
            let second = try service.connect()
            let told = try second.readResponse()
            #expect(told.status == 503)
            #expect(told.headers["Retry-After"] == "1")
            #expect(told.headers["Connection"] == "close")
            let problem = try #require(try JSONValue.parse(told.body.text).object)
            #expect(problem["instance"]?.string == told.headers["X-Request-Id"])
            #expect(try second.readToEnd().isEmpty)
        }
    }

    /// What may not stand in a URI (RFC 3986 §3.3) is written as it may.
    @Test func aLocationIsAURI() async throws {
        try await withService { service in
            let written = try answer(service, "PUT", "/keys/a|b%2Fc/d?ttl=60", body: "v")
            #expect(written.headers["Location"] == "/keys/a%7Cb%2Fc/d")
            let read = try answer(service, "GET", "/keys/a%7Cb%2Fc/d")
            #expect(read.body == "v")
        }
    }

    @Test func writesAndReadsAreCounted() async throws {
        try await withService { service in
            _ = try answer(service, "PUT", "/keys/a", body: "v")
            _ = try answer(service, "GET", "/keys/a")
            _ = try answer(service, "GET", "/keys/b")
            _ = try answer(service, "DELETE", "/keys/a")
            _ = try answer(service, "GET", "/nowhere")
            let stats = try #require(try JSONValue.parse(answer(service, "GET", "/stats").body.text).object)
            let cache = try #require(stats["cache"]?.object)
            #expect(["hits", "misses", "stored", "deleted"].map { cache[$0]?.integer } == [1, 1, 1, 1])
            let requests = try #require(stats["requests"]?.object)
            #expect(requests["/keys/{key}"]?.object?["2xx"]?.integer == 3)
            #expect(requests["/keys/{key}"]?.object?["4xx"]?.integer == 1)
            #expect(requests["unrouted"]?.object?["4xx"]?.integer == 1 && requests["total"]?.integer == 5)
            #expect(stats["version"]?.string == "1.2.3")
        }
    }
}

@Suite("Service: its end", .blockingAlone) struct ServiceEndTests {
    /// `drain_delay` is a part of `shutdown_timeout` and does not come on top of it.
    @Test func itEndsWithinTheTimeAgreed() async throws {
        let times = ["CISTERN_HTTP_DRAIN_DELAY": "1s", "CISTERN_HTTP_SHUTDOWN_TIMEOUT": "1500ms"]
        let service = try await LocalService(times)
        let stuck = try service.connect()
        try stuck.send("PUT /keys/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab")
        let begin = ContinuousClock.now
        // Not on the pool, where tests that compute may be in the way for longer than it has.
        let end = Task(executorPreference: BlockingThreads.shared) { await service.server.shutDown() }
        // As long as it drains it goes on, says that it is not ready, and has clients go elsewhere.
        #expect(
            try eventually {
                let other = try service.connect()
                try other.send("GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return try other.readResponse().status == 503
            })
        let last = try service.connect()
        try last.send("PUT /keys/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nv")
        let written = try last.readResponse()
        #expect(written.status == 201)
        #expect(written.headers["Connection"] == "close")
        await end.value
        #expect((.milliseconds(1490)...(.milliseconds(1500) + .milliseconds(700 * slowness))).contains(.now - begin))
    }
}
