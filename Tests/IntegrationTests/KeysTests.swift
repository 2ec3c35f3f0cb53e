import CisternBytes
import TestSupport
import Testing

@Suite("Values under keys", .blocking) struct KeysTests {
    @Test(arguments: Backend.allCases) func aValueLivesFromPutToDelete(backend: Backend) throws {
        let curl = try backend.stack.curl()
        #expect(try curl.get("/keys/life").status == 404)
        #expect(try curl.head("/keys/life").status == 404)
        #expect(try curl.delete("/keys/life").status == 404)
        let made = try curl.put("/keys/life", "value")
        #expect(made.status == 201)
        #expect(try curl.get(try #require(made.headers["Location"])).body == "value")
        let replaced = try curl.put("/keys/life", "other")
        #expect(replaced.status == 204)
        #expect(replaced.headers["Location"] == nil)
        #expect(try curl.get("/keys/life").body == "other")
        #expect(try curl.delete("/keys/life").status == 204)
        #expect(try curl.get("/keys/life").status == 404)
    }

    @Test(arguments: Backend.allCases) func getCarriesTheHeadersOfTheContract(backend: Backend) throws {
        let curl = try backend.stack.curl()
        #expect(
            try curl.put("/keys/headers", "value").headers["ETag"] == "\"f32b67c7e26342af42efabc674d441dca0a281c5\"")
        let expected = [
            "Content-Length": "5", "Content-Type": "application/octet-stream",
            "ETag": "\"f32b67c7e26342af42efabc674d441dca0a281c5\"", "Cache-Control": "no-cache",
            "Cache-Source": backend.rawValue, "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox", "Cross-Origin-Resource-Policy": "same-origin",
            "Accept-Ranges": "none",
        ]
        for answer in [try curl.get("/keys/headers"), try curl.head("/keys/headers")] {
            #expect(answer.status == 200)
            for (name, value) in expected { #expect(answer.headers[name] == value, "\(name)") }
            // IMF-fixdate (RFC 9110 §5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
            #expect(answer.headers["Date"]?.count == 29)
            #expect(answer.headers["Date"]?.hasSuffix(" GMT") == true)
            #expect(answer.headers.all("Cache-TTL").isEmpty)
        }
        #expect(try curl.head("/keys/headers").body.isEmpty)
    }

    @Test(arguments: Backend.allCases) func aRangeIsIgnored(backend: Backend) throws {
        let curl = try backend.stack.curl()
        _ = try curl.put("/keys/range", "value")
        let answer = try curl.get("/keys/range", headers: ["Range: bytes=0-1"])
        #expect(answer.status == 200)
        #expect(answer.body == "value")
    }

    @Test(arguments: Backend.allCases, Value.allCases)
    func everyValueComesBackByteForByte(backend: Backend, value: Value) throws {
        let curl = try backend.stack.curl()
        let path = "/keys/value-\(value)"
        #expect(try curl.put(path, value.bytes).status == 201)
        let answer = try curl.get(path)
        #expect(answer.status == 200)
        #expect(answer.headers["Content-Length"] == "\(value.bytes.count)")
        #expect(answer.body == value.bytes)
    }

    enum Value: CaseIterable {
        case empty, everyByte, lineEnds, wholeMebibyte

        var bytes: Bytes {
            switch self {
            case .empty: ""
            case .everyByte: Bytes(0...255)
            case .lineEnds: "\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
            case .wholeMebibyte:
                {
                    var generator = SplitMix64(seed: 1)
                    return Bytes(generator.bytes(1 << 20))
                }()
            }
        }
    }

    @Test(arguments: [
        ("json", "application/json"), ("txt", "text/plain"), ("html", "text/html"), ("css", "text/css"),
        ("js", "text/javascript"), ("xml", "application/xml"), ("csv", "text/csv"), ("svg", "image/svg+xml"),
        ("png", "image/png"), ("jpg", "image/jpeg"), ("gif", "image/gif"), ("webp", "image/webp"),
        ("pdf", "application/pdf"), ("exe", "application/octet-stream"),
    ])
    func theTypeFollowsTheExtension(name: String, type: String) throws {
        let curl = try Backend.local.stack.curl()
        _ = try curl.put("/keys/file.\(name)", "x")
        let shown = try #require(try curl.get("/keys/file.\(name)").headers["Content-Type"])
        #expect(shown == type || shown.hasPrefix("\(type);"), "\(shown)")
    }

    @Test(arguments: Backend.allCases) func ofConcurrentWritesOneMakesTheKey(backend: Backend) async throws {
        let stack = try backend.stack
        for round in 0..<5 {
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        try await blocking { try stack.curl().put("/keys/race-\(round)", Bytes("\(number)")).status }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201] + Array(repeating: 204, count: 7))
        }
    }

    @Test func otherTypesOfRedisAreLeftAlone() throws {
        let stack = try Backend.redis.stack
        let curl = try stack.curl()
        _ = try stack.redis?.cli("LPUSH", "list", "a")
        #expect(try curl.get("/keys/list").status == 409)
        #expect(try curl.put("/keys/list", "x").status == 409)
        #expect(try stack.redis?.cli("LRANGE", "list", "0", "-1") == .array([.bytes("a")]))
        #expect(try curl.delete("/keys/list").status == 204)
        #expect(try stack.redis?.cli("EXISTS", "list") == .integer(0))
    }
}
