import CisternBytes
import TestSupport
import Testing

@Suite("When Redis is away", .blockingAlone) struct OutageTests {
    /// What an operator can do about a 503 depends on what stands in the way.
    @Test func aRefusalSaysWhatStandsInTheWay() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(
            on: redis,
            environment: [
                "CISTERN_FALLBACK_MAX_PENDING": "1", "CISTERN_CIRCUIT_BREAKER_RESET_TIMEOUT": "60s",
                "CISTERN_CIRCUIT_BREAKER_CHECK_INTERVAL": "60s",
            ])
        let curl = try stack.curl()
        #expect(try curl.put("/keys/k", "v").status == 201)
        redis.kill9()
        func detail(_ answer: CurlResponse) throws -> String {
            #expect(answer.status == 503)
            return try JSONText(answer.text)["detail"]?.string ?? ""
        }
        #expect(try curl.put("/keys/first", "v").status == 202)
        #expect(try detail(curl.put("/keys/second", "v")).contains("no room for more kept writes"))
        #expect(try detail(curl.delete("/keys/second")).contains("no room for more kept writes"))
        let conditional = try curl.put("/keys/first", "w", headers: ["If-None-Match: *"])
        #expect(try detail(conditional).contains("an earlier write of the key is kept here"))
        let isOpen = try eventually { try detail(curl.get("/keys/unknown")).contains("circuit breaker is open") }
        #expect(isOpen)
        let strict = try curl.put("/keys/third", "v", headers: ["Prefer: handling=strict"])
        #expect(try detail(strict).contains("circuit breaker is open"))
    }

    /// The time to the breaker's next probe, and up to a quarter more. Redis stalls, so that its connections stand and no
    /// attempt to connect is nearer.
    @Test func aFailingHealthSaysWhenTheNextProbeIs() throws {
        let redis = try RedisServerProcess()
        let interval = 20.0
        let stack = try Stack(
            on: redis,
            environment: [
                "CISTERN_FALLBACK_ENABLED": "false", "CISTERN_HTTP_REQUEST_TIMEOUT": "100ms",
                "CISTERN_FALLBACK_REDIS_BUDGET": "100ms",
                "REDIS_READ_TIMEOUT": "60s",
                "CISTERN_CIRCUIT_BREAKER_CHECK_INTERVAL": "\(Int(interval))s",
                "CISTERN_CIRCUIT_BREAKER_RESET_TIMEOUT": "60s", "CISTERN_CIRCUIT_BREAKER_MAX_FAILURES": "1",
                "REDIS_POOL_SIZE": "1", "REDIS_MIN_IDLE_CONNS": "1", "CISTERN_HTTP_THREADS": "1",
            ])
        let curl = try stack.curl()
        #expect(try stack.becomes("pass"))
        redis.pause()
        defer { redis.resume() }
        let (beforeOpening, refused) = (ContinuousClock.now, try curl.get("/keys/k"))
        let afterOpening = ContinuousClock.now
        #expect(refused.status == 503)
        var times: Set<Int> = []
        for path in Array(repeating: ["/health", "/health/ready"], count: 20).flatMap({ $0 }) {
            let beforeAsking = ContinuousClock.now
            let answer = try curl.get(path)
            let asked = ContinuousClock.now
            #expect(answer.status == 503)
            let least = interval - (asked - beforeOpening) / .seconds(1)
            let most = (interval - (beforeAsking - afterOpening) / .seconds(1)) * 1.25
            let told = try #require(answer.headers["Retry-After"].flatMap { Int($0) })
            #expect((Int(least.rounded(.up))...Int(most.rounded(.up))).contains(told), "\(told) s, of \(least)…\(most)")
            times.insert(told)
        }
        #expect(times.count > 1, "\(times)")
    }

    @Test func aStalledRedisHoldsNoAnswerBeyondItsTime() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis, environment: ["CISTERN_HTTP_REQUEST_TIMEOUT": "400ms"])
        let curl = try stack.curl()
        #expect(try curl.put("/keys/k", "v").status == 201)
        redis.pause()
        var durations: [Duration] = []
        for number in 0..<20 {
            let answer =
                number % 2 == 0
                ? try curl.get("/keys/unknown-\(number)") : try curl.put("/keys/new-\(number)", "v")
            #expect(number % 2 == 0 ? answer.status == 503 : [202, 503].contains(answer.status))
            // The rest beyond the promise is for a machine that does something else as well.
            #expect(answer.duration < .milliseconds(400 + 50 + 150 * slowness))
            durations.append(answer.duration)
        }
        // 50 ms are the promise: most answers keep it even there.
        #expect(durations.sorted()[durations.count / 2] < .milliseconds(400 + 50 * slowness), "\(durations)")
        #expect(try curl.get("/health/live").duration < .milliseconds(200 * slowness))
        redis.resume()
        #expect(try stack.becomes("pass"))
        #expect(try curl.put("/keys/after", "v").status == 201)
        #expect(try redis.cli("GET", "k") == .bytes("v"))
    }

    @Test func manyClientsOfAStalledRedisAreAnsweredInTime() async throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis, environment: ["CISTERN_HTTP_REQUEST_TIMEOUT": "400ms"])
        #expect(try stack.curl().get("/keys/k").status == 404)
        redis.pause()
        let durations = try await withThrowingTaskGroup(of: Duration.self) { group in
            for _ in 0..<32 {
                group.addTask {
                    try await blocking {
                        let answer = try stack.curl().get("/keys/unknown")
                        guard answer.status == 503 else { throw TestFailure("status \(answer.status)") }
                        return answer.duration
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(durations.allSatisfy { $0 < .milliseconds(400 + 50 + 250 * slowness) }, "\(durations.max() ?? .zero)")
        redis.resume()
    }

    /// A Redis that answers a part of what is asked of it: who comes behind too many is told at once and not in the end, because
    /// of those on the way or because the breaker is open.
    @Test func moreThanRedisAnswersInTimeIsRefusedAtOnce() throws {
        let redis = try RedisServerProcess()
        let proxy = try FaultProxy(to: redis.port)
        let stack = try Stack(
            on: redis,
            environment: [
                "REDIS_PORT": "\(proxy.port)", "REDIS_POOL_SIZE": "1", "REDIS_MIN_IDLE_CONNS": "1",
                "CISTERN_HTTP_THREADS": "1",
                "CISTERN_FALLBACK_ENABLED": "false", "CISTERN_HTTP_REQUEST_TIMEOUT": "500ms",
            ])
        #expect(try stack.becomes("pass"))
        // A read is some 50 bytes each way: 200 a second.
        proxy.set(.throttle(bytesPerSecond: 10_000))
        let connections = try (0..<400).map { _ in try stack.raw() }
        func ask(_ number: Int) throws -> (statuses: [Int: Int], time: Duration) {
            let begin = ContinuousClock.now
            for connection in connections.prefix(number) {
                try connection.send("GET /keys/missing HTTP/1.1\r\nHost: localhost\r\n\r\n")
            }
            var statuses: [Int: Int] = [:]
            for connection in connections.prefix(number) {
                let answer = try connection.readResponse()
                statuses[answer.status, default: 0] += 1
                if answer.status == 503 { #expect(Int(answer.headers["Retry-After"] ?? "") ?? 0 >= 1) }
            }
            return (statuses, .now - begin)
        }
        let first = try ask(400)
        #expect(first.statuses[404] ?? 0 > 0 && first.statuses[503] ?? 0 > 200, "\(first)")
        let second = try ask(100)
        #expect(second.statuses == [503: 100])
        #expect(second.time < .milliseconds(400 * slowness), "\(second)")
        proxy.set(.pass)
        #expect(try eventually { try stack.curl().get("/keys/missing").status == 404 })
    }

    @Test func aRestartedRedisIsFoundAgain() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis)
        let curl = try stack.curl()
        #expect(try curl.put("/keys/k", "v").status == 201)
        redis.kill9()
        let refused = try curl.get("/keys/unknown")
        #expect(refused.status == 503)
        #expect(Int(refused.headers["Retry-After"] ?? "") ?? 0 >= 1)
        #expect(try curl.get("/health/live").status == 200)
        #expect(try eventually { try stack.health() != "pass" })
        try redis.restart()
        #expect(try stack.becomes("pass"))
        #expect(try curl.put("/keys/back", "v").status == 201)
        #expect(try redis.cli("GET", "back") == .bytes("v"))
    }

    @Test func aRedisThatComesLaterIsFound() throws {
        let redis = try RedisServerProcess()
        redis.kill9()
        let stack = try Stack(on: redis)
        #expect(try stack.curl().get("/keys/k").status == 503)
        #expect(try stack.health() != "pass")
        try redis.restart()
        #expect(try stack.becomes("pass"))
        #expect(try stack.curl().put("/keys/k", "v").status == 201)
        #expect(try redis.cli("GET", "k") == .bytes("v"))
    }

    @Test func aLateReplyIsNobodysAnswer() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis)
        let curl = try stack.curl()
        _ = try curl.put("/keys/k", "v")
        redis.pause()
        _ = try curl.get("/keys/slow")
        redis.resume()
        // The late reply is dropped, and the answers after it are the right ones.
        #expect(try stack.becomes("pass"))
        for number in 0..<20 {
            #expect(try curl.put("/keys/k-\(number)", Bytes("\(number)")).status == 201)
            #expect(try curl.get("/keys/k-\(number)").body == Bytes("\(number)"))
        }
    }
}
