import CisternBytes
import CisternJSON
import TestSupport
import Testing

/// Conditional requests (RFC 9110 §13), the same on both backends.
@Suite("Conditional requests", .blocking, .timeLimit(.minutes(20))) struct ConditionalTests {
    /// The entity tags of "value" and "other".
    private static let valueTag = "\"f32b67c7e26342af42efabc674d441dca0a281c5\""
    private static let otherTag = "\"d0941e68da8f38151ff86a61fc59f7c5cf9fcaa2\""

    /// A condition, and whether it holds for a key that holds "value", and for one that holds nothing.
    struct Condition: Sendable, CustomTestStringConvertible {
        let fields: [String]
        let holds: Bool
        let holdsWithout: Bool
        /// What a false condition is to GET and HEAD.
        var readStatus = 412

        /// Of a key of its own: the cases run side by side.
        func path(_ name: String) -> String { "/keys/\(name)-\(UInt(bitPattern: fields.hashValue)).txt" }

        var testDescription: String { fields.joined(separator: ", ") }
    }

    private static let conditions: [Condition] = [
        .init(fields: ["If-Match: \(valueTag)"], holds: true, holdsWithout: false),
        .init(fields: ["If-Match: \(otherTag), \(valueTag)"], holds: true, holdsWithout: false),
        .init(fields: ["If-Match: \(otherTag)", "If-Match: \(valueTag)"], holds: true, holdsWithout: false),
        .init(fields: ["If-Match: *"], holds: true, holdsWithout: false),
        .init(fields: ["If-Match: \(otherTag)"], holds: false, holdsWithout: false),
        .init(fields: ["If-Match: W/\(valueTag)"], holds: false, holdsWithout: false),
        .init(fields: ["If-Match: \"F32B67C7E26342AF42EFABC674D441DCA0A281C5\""], holds: false, holdsWithout: false),
        .init(fields: ["If-Match: ,"], holds: false, holdsWithout: false),
        .init(fields: ["If-None-Match: \(otherTag)"], holds: true, holdsWithout: true),
        .init(fields: ["If-None-Match: \"something\""], holds: true, holdsWithout: true),
        .init(fields: ["If-None-Match: \(valueTag)"], holds: false, holdsWithout: true, readStatus: 304),
        .init(fields: ["If-None-Match: W/\(valueTag)"], holds: false, holdsWithout: true, readStatus: 304),
        .init(fields: ["If-None-Match: \(otherTag), \(valueTag)"], holds: false, holdsWithout: true, readStatus: 304),
        .init(fields: ["If-None-Match: *"], holds: false, holdsWithout: true, readStatus: 304),
        // If-Match is looked at first.
        .init(fields: ["If-None-Match: \(valueTag)", "If-Match: \(otherTag)"], holds: false, holdsWithout: false),
        .init(
            fields: ["If-Match: \(valueTag)", "If-None-Match: \(valueTag)"], holds: false, holdsWithout: false,
            readStatus: 304),
        .init(fields: ["If-Match: \(valueTag)", "If-None-Match: \(otherTag)"], holds: true, holdsWithout: false),
    ]

    @Test(arguments: Backend.allCases, conditions)
    func readsLookAtThem(backend: Backend, condition: Condition) throws {
        let curl = try backend.stack.curl()
        _ = try curl.put(condition.path("read"), "value")
        for method in ["GET", "HEAD"] {
            let answer = try curl.send(CurlRequest(method, condition.path("read"), headers: condition.fields))
            #expect(answer.status == (condition.holds ? 200 : condition.readStatus), "\(method)")
            #expect(answer.headers["ETag"] == Self.valueTag)
            if condition.holds, method == "GET" { #expect(answer.body == "value") }
            let missing = try curl.send(CurlRequest(method, "/keys/read-missing", headers: condition.fields))
            #expect(missing.status == 404, "\(method)")
        }
    }

    @Test(arguments: Backend.allCases) func aNotModifiedCarriesTheFieldsOfTheValueWithoutThoseOfItsContent(
        backend: Backend
    ) throws {
        let curl = try backend.stack.curl()
        _ = try curl.put("/keys/not-modified.txt?ttl=60", "value")
        let full = try curl.get("/keys/not-modified.txt")
        let answer = try curl.get("/keys/not-modified.txt", headers: ["If-None-Match: \(Self.valueTag)"])
        #expect(answer.status == 304)
        #expect(answer.body.isEmpty)
        for name in ["ETag", "Cache-Control", "Cache-Source", "X-Content-Type-Options", "Content-Security-Policy"] {
            #expect(answer.headers[name] == full.headers[name], "\(name)")
        }
        #expect(answer.headers["Cache-TTL"] != nil)
        for name in ["Content-Type", "Content-Length", "Transfer-Encoding"] {
            #expect(answer.headers[name] == nil, "\(name)")
        }
        // The connection goes on.
        #expect(try curl.get("/keys/not-modified.txt").body == "value")
    }

    @Test(arguments: Backend.allCases, conditions)
    func writesAreMadeOnlyWhereTheyHold(backend: Backend, condition: Condition) throws {
        let curl = try backend.stack.curl()
        _ = try curl.put(condition.path("write"), "value")
        let answer = try curl.put(condition.path("write"), "other", headers: condition.fields)
        #expect(answer.status == (condition.holds ? 204 : 412))
        #expect(answer.headers["ETag"] == (condition.holds ? Self.otherTag : Self.valueTag))
        #expect(try curl.get(condition.path("write")).body == (condition.holds ? "other" : "value"))

        _ = try curl.delete(condition.path("write-new"))
        let made = try curl.put(condition.path("write-new"), "other", headers: condition.fields)
        #expect(made.status == (condition.holdsWithout ? 201 : 412))
        #expect(made.headers["ETag"] == (condition.holdsWithout ? Self.otherTag : nil))
        #expect(try curl.get(condition.path("write-new")).status == (condition.holdsWithout ? 200 : 404))
    }

    @Test(arguments: Backend.allCases, conditions)
    func deletesAreMadeOnlyWhereTheyHold(backend: Backend, condition: Condition) throws {
        let curl = try backend.stack.curl()
        _ = try curl.put(condition.path("delete"), "value")
        let answer = try curl.delete(condition.path("delete"), headers: condition.fields)
        #expect(answer.status == (condition.holds ? 204 : 412))
        #expect(answer.headers["ETag"] == (condition.holds ? nil : Self.valueTag))
        #expect(try curl.get(condition.path("delete")).status == (condition.holds ? 404 : 200))
        #expect(try curl.delete("/keys/delete-missing", headers: condition.fields).status == 404)
    }

    @Test(arguments: Backend.allCases, ["GET", "HEAD", "PUT", "DELETE"])
    func whatDoesNotParseIsRefusedAndNothingIsWritten(backend: Backend, method: String) throws {
        let curl = try backend.stack.curl()
        _ = try curl.put("/keys/malformed", "value")
        for field in ["If-Match: \(Self.valueTag.dropLast())", "If-None-Match: *, \(Self.valueTag)", "If-Match: value"]
        {
            let answer = try curl.send(
                CurlRequest(
                    method, "/keys/malformed", headers: [field], body: method == "PUT" ? .whole("other") : .none))
            #expect(answer.status == 400, "\(field)")
        }
        #expect(try curl.get("/keys/malformed").body == "value")
    }

    @Test(arguments: Backend.allCases) func aConditionalWriteHasItsTimeToLive(backend: Backend) throws {
        let curl = try backend.stack.curl()
        _ = try curl.put("/keys/lives", "value")
        #expect(
            try curl.put("/keys/lives?ttl=50", "other", headers: ["If-Match: \(Self.valueTag)"]).status == 204)
        #expect(try curl.get("/keys/lives").headers["Cache-TTL"] == "50")
        let kept = try curl.put("/keys/lives?keep_ttl=true", "value", headers: ["If-Match: \(Self.otherTag)"])
        #expect(kept.status == 204)
        let left = try #require(Int(try curl.get("/keys/lives").headers["Cache-TTL"] ?? ""))
        #expect((1...50).contains(left))
        #expect(try curl.put("/keys/lives", "other", headers: ["If-Match: *"]).status == 204)
        #expect(try curl.get("/keys/lives").headers["Cache-TTL"] == nil)
    }

    @Test func keysOfOtherTypesAreLeftAlone() throws {
        let stack = try Backend.redis.stack
        try #require(stack.redis).cli("RPUSH", "conditional-list", "a")
        let curl = try stack.curl()
        for condition in ["If-Match: *", "If-None-Match: *", "If-None-Match: \(Self.valueTag)"] {
            #expect(try curl.get("/keys/conditional-list", headers: [condition]).status == 409)
            #expect(try curl.put("/keys/conditional-list", "v", headers: [condition]).status == 409)
            #expect(try curl.delete("/keys/conditional-list", headers: [condition]).status == 409)
        }
        #expect(try #require(stack.redis).cli("LLEN", "conditional-list") == .integer(1))
    }

    // MARK: One atomic step

    @Test(arguments: Backend.allCases) func ofManyWhoCreateOneSucceeds(backend: Backend) async throws {
        let stack = try backend.stack
        for round in 0..<20 {
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for client in 0..<8 {
                    group.addTask {
                        try await blocking {
                            try stack.curl().put(
                                "/keys/create-\(round)", Bytes("\(client)"), headers: ["If-None-Match: *"]
                            ).status
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201] + [Int](repeating: 412, count: 7))
        }
    }

    /// Every client adds one again and again, by compare and set: no addition is lost.
    @Test(arguments: Backend.allCases) func countersAddUp(backend: Backend) async throws {
        let stack = try backend.stack
        _ = try stack.curl().put("/keys/counter", "0")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await blocking {
                        let curl = try stack.curl()
                        var added = 0
                        while added < 50 {
                            let answer = try curl.get("/keys/counter")
                            let count = try #require(Int(answer.text))
                            let tag = try #require(answer.headers["ETag"])
                            let status = try curl.put(
                                "/keys/counter", Bytes("\(count + 1)"), headers: ["If-Match: \(tag)"]
                            ).status
                            #expect(status == 204 || status == 412)
                            if status == 204 { added += 1 }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try stack.curl().get("/keys/counter").body == "200")
    }

    /// Whether it was made nobody knows, and it is not made twice.
    @Test func aConditionalWriteWithoutAnAnswerIsAGatewayTimeout() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis)
        #expect(try stack.becomes("pass"))
        let curl = try stack.curl()
        #expect(try curl.put("/keys/key", "value").status == 201)
        redis.pause()
        let put = try curl.put("/keys/key", "other", headers: ["If-Match: \(Self.valueTag)"])
        #expect(put.status == 504)
        // The breaker may be open by then.
        #expect([503, 504].contains(try curl.delete("/keys/key", headers: ["If-Match: *"]).status))
        redis.resume()
    }

    @Test func whatTheyLeaveIsThereWhenRedisIsAway() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis)
        #expect(try stack.becomes("pass"))
        let curl = try stack.curl()
        #expect(try curl.put("/keys/made", "value", headers: ["If-None-Match: *"]).status == 201)
        #expect(try curl.put("/keys/made", "other", headers: ["If-Match: \(Self.valueTag)"]).status == 204)
        #expect(try curl.put("/keys/made", "third", headers: ["If-Match: \(Self.valueTag)"]).status == 412)
        #expect(try curl.put("/keys/gone", "value").status == 201)
        #expect(try curl.delete("/keys/gone", headers: ["If-Match: *"]).status == 204)
        redis.kill9()
        let made = try curl.get("/keys/made")
        #expect(made.body == "other")
        #expect(made.headers["Cache-Source"] == "local")
        // A copy has a tag as any value has.
        #expect(try curl.get("/keys/made", headers: ["If-None-Match: \(Self.otherTag)"]).status == 304)
        // Nobody knows whether somebody has written it since.
        #expect(try curl.get("/keys/gone").status == 503)
    }
}
