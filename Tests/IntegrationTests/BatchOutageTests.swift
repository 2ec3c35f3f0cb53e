import CisternBytes
import TestSupport
import Testing

@Suite("Batches and listings without Redis", .blockingAlone, .timeLimit(.minutes(20)))
struct BatchOutageTests {
    /// What Redis has got of a batch before it has answered anything: all of it, but what waits for its turn on its key.
    @Test func aBatchIsOneRoundTrip() async throws {
        let redis = try RedisServerProcess()
        let proxy = try FaultProxy(to: redis.port)
        // One connection, and nothing on it but what is asked for.
        let stack = try Stack(
            on: redis,
            environment: Backend.patience.merging([
                "REDIS_READ_TIMEOUT": "60s", "REDIS_PORT": "\(proxy.port)", "REDIS_HEALTH_CHECK_INTERVAL": "10m",
                "REDIS_POOL_SIZE": "1",
                "REDIS_MIN_IDLE_CONNS": "1", "CISTERN_HTTP_THREADS": "1",
            ]) { $1 })
        #expect(try stack.curl().put("/keys/warm", "v").status == 201)
        // The first check of Redis may come behind the first request.
        #expect(try stack.becomes("pass"))
        proxy.set(.silence)
        let operations =
            (0..<33).map { get("trip/\($0)") } + (0..<33).map { put("trip/new/\($0)", "\($0)") }
            + (0..<32).map { delete("trip/old/\($0)") } + [put("trip/0", "first"), get("trip/0")]
        async let answer = blocking { try stack.curl().results(operations) }
        let all = 33 * 2 + 33 + 32
        let isSent = eventually { proxy.heldRequests.count >= all }
        #expect(isSent && proxy.heldRequests.count == all, "\(proxy.heldRequests.count)")
        proxy.set(.pass)
        let results = try await answer
        let expected =
            [Int](repeating: 404, count: 33) + [Int](repeating: 201, count: 33) + [Int](repeating: 404, count: 32)
            + [201, 200]
        #expect(results.statuses == expected)
        #expect(results[99]["value"]?.string == "first")
    }

    @Test func everyOperationFallsBackAsARequestOfItsOwn() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis)
        let curl = try stack.curl()
        _ = try curl.results([put("known", "value", #","ttl":100"#), put("gone", "value")])
        redis.kill9()
        let operations = [
            get("known"), get("unknown"), put("kept", "v"), get("kept"), delete("gone"), get("gone"),
            put("gone", "again"),
            get("gone"),
        ]
        let results = try curl.results(operations)
        #expect(results.statuses == [200, 503, 202, 200, 202, 404, 202, 200])
        #expect(results[0]["value"]?.string == "value" && results[0]["source"]?.string == "local")
        #expect(
            (0...30).contains(results[0]["age"]?.number ?? -1) && (50...100).contains(results[0]["ttl"]?.number ?? 0))
        #expect(results[1]["retry_after"]?.number ?? 0 >= 1 && results[1]["detail"]?.string?.isEmpty == false)
        #expect(results[2]["source"]?.string == "local" && results[2]["etag"]?.string?.count == 40)
        #expect(results[5]["source"]?.string == "local" && results[7]["value"]?.string == "again")

        let strict = try curl.results(
            [put("strict", "v"), delete("strict"), get("known")], headers: ["Prefer: handling=strict"])
        #expect(strict.statuses == [503, 503, 200])
        let fresh = try curl.results([get("known"), put("kept", "w")], headers: ["Cache-Control: no-cache"])
        #expect(fresh.statuses == [503, 202])

        for _ in 0..<10 {
            let refused = try curl.get("/keys")
            #expect(refused.status == 503)
            #expect(Int(refused.headers["Retry-After"] ?? "") ?? 0 >= 1)
            #expect(refused.headers["Content-Type"] == "application/problem+json")
        }
        #expect(try curl.head("/keys?prefix=known").status == 503)

        try redis.restart()
        #expect(try stack.becomes("pass"))
        #expect(try eventually { try redis.cli("GET", "kept") == .bytes("w") })
        #expect(try eventually { try redis.cli("GET", "gone") == .bytes("again") })
        #expect(try redis.cli("EXISTS", "strict") == .integer(0))
        #expect(try curl.allKeys().sorted() == ["gone", "kept"])
    }

    /// The time of a batch is that of a request, however much is in it.
    @Test func aStalledRedisHoldsNoBatchBeyondItsTime() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis)
        let curl = try stack.curl()
        #expect(try curl.put("/keys/k", "v").status == 201)
        redis.pause()
        let operations = (0..<50).map { put("same", "\($0)") } + (0..<50).map { get("stalled/\($0)") }
        let answer = try curl.batch(operations)
        let statuses = try answer.results.statuses
        #expect(statuses == [Int](repeating: 202, count: 50) + [Int](repeating: 503, count: 50))
        #expect(answer.duration < .milliseconds(250 + 750 * slowness))
        let listing = try curl.get("/keys")
        #expect(listing.status == 503 && listing.duration < .milliseconds(250 + 750 * slowness))
        redis.resume()
        #expect(try stack.becomes("pass"))
        #expect(try eventually { try redis.cli("GET", "same") == .bytes("49") })
    }
}
