import CisternBytes
import TestSupport
import Testing

/// How the service finds its way back to Redis.
@Suite("The way back to Redis", .blockingAlone, .timeLimit(.minutes(20)))
struct ReturnTests {
    /// `max_retry_backoff` and one second.
    private let limit = Duration.seconds(4) + .milliseconds(500 * slowness)

    private func defaults(_ redis: RedisServerProcess) -> [String: String] {
        ["REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(redis.port)"]
    }

    /// All settings as they are without a configuration.
    @Test(arguments: [true, false]) func answersComeFromRedisSoonAfterItAppears(isDownAtStart: Bool) throws {
        let redis = try RedisServerProcess()
        if isDownAtStart { redis.kill9() }
        let service = try CisternProcess(environment: defaults(redis))
        let curl = try CurlClient(port: service.port)
        if !isDownAtStart {
            #expect(try curl.put("/keys/k", "v").status == 201)
            redis.kill9()
        }
        // Enough for the breaker, and long enough for the waits between attempts to have grown.
        let begin = ContinuousClock.now
        while .now - begin < .seconds(4) {
            let answer = try curl.put("/keys/kept", "v")
            #expect(answer.status == 202)
            #expect(try curl.get("/keys/unknown").status == 503)
        }
        try redis.restart()
        let appeared = ContinuousClock.now
        let isBack = try eventually(within: limit) { try curl.get("/keys/unknown").status == 404 }
        let statistics = try curl.get("/stats").text
        #expect(isBack, "not after \(ContinuousClock.now - appeared)\n\(statistics)\n\(service.text)")
        #expect(try eventually(within: .seconds(5)) { try redis.cli("GET", "kept") == .bytes("v") })
        #expect(try eventually(within: .seconds(5)) { try curl.put("/keys/k", "v").status == 201 })
    }

    /// A server that hangs: what is let through to it while the breaker is half open is `success_threshold` at a time,
    /// and it is never stuck.
    @Test(arguments: [1, 2, 3]) func aHangingServerGetsFewOperations(threshold: Int) async throws {
        let redis = try RedisServerProcess()
        let proxy = try FaultProxy(to: redis.port)
        let stack = try Stack(
            on: redis,
            environment: Drill.environment.merging([
                "REDIS_PORT": "\(proxy.port)", "CISTERN_CIRCUIT_BREAKER_SUCCESS_THRESHOLD": "\(threshold)",
                "CISTERN_CIRCUIT_BREAKER_CHECK_INTERVAL": "1h", "REDIS_READ_TIMEOUT": "1m",
            ]) { $1 })
        #expect(try stack.becomes("pass"))
        func state() throws -> String? {
            try JSONText(stack.curl().get("/stats").text)["breaker"]?["state"]?.string
        }
        proxy.set(.silence)
        let curl = try stack.curl()
        #expect(
            try eventually {
                _ = try curl.get("/keys/before")
                return try state() == "open"
            })
        func opened() throws -> Int {
            Int(try JSONText(stack.curl().get("/stats").text)["breaker"]?["opened"]?.number ?? 0)
        }
        let openedBefore = try opened()
        func reached() -> Int { proxy.heldRequests.count { $0.string?.hasPrefix("GET half-open") == true } }
        let begin = ContinuousClock.now
        let asked = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<8 {
                group.addTask {
                    try await blocking {
                        let curl = try stack.curl()
                        var asked = 0
                        while ContinuousClock.now - begin < .seconds(3) {
                            let answer = try curl.get("/keys/half-open-\(number)")
                            guard answer.status == 503 else { throw TestFailure("status \(answer.status)") }
                            asked += 1
                        }
                        return asked
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        // Each trial ended with the breaker open again, but the last one perhaps.
        let rounds = try opened() - openedBefore + 1
        // Where one alone is let through and that is the probe, it has its place for as long as a probe may take: a minute here.
        #expect(rounds >= 2 || (threshold == 1 && reached() == 0), "it is stuck")
        #expect(asked > 10 * rounds * threshold, "too few to tell")
        // Where one alone is let through, it is the probe.
        #expect(
            (min(threshold - 1, 1)...rounds * threshold).contains(reached()),
            "\(reached()) of \(asked) in \(rounds) rounds")
        proxy.set(.pass)
        #expect(try eventually(within: .seconds(10)) { try state() == "closed" })
        #expect(try curl.get("/keys/after").status == 404)
    }

    /// What is no fault of Redis does not open the breaker.
    @Test func missesAndWrongTypesAreNoFailures() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis, environment: Drill.environment)
        #expect(try stack.becomes("pass"))
        try redis.cli("LPUSH", "list", "a")
        let curl = try stack.curl()
        for number in 0..<500 {
            #expect(try curl.get("/keys/missing-\(number)").status == 404)
            #expect(try curl.get("/keys/list").status == 409)
            #expect(try curl.put("/keys/list", "v").status == 409)
        }
        let breaker = try JSONText(curl.get("/stats").text)["breaker"]
        #expect(breaker?["state"]?.string == "closed")
        #expect(try stack.health() == "pass")
    }

    @Test func healthyMeansThatEveryOperationGoesToRedis() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis, environment: Drill.environment)
        #expect(try stack.becomes("pass"))
        let monitor = try RawConnection(port: redis.port)
        try monitor.send("MONITOR\r\n")
        #expect(try monitor.readLine() == "+OK\r\n")
        let curl = try stack.curl()
        for number in 0..<50 {
            #expect([201, 204].contains(try curl.put("/keys/watched", Bytes("\(number)")).status))
            #expect(try curl.get("/keys/watched").headers["Cache-Source"] == "redis")
        }
        try redis.cli("PING", "end of the watch")
        let seen = try monitor.read(through: Array("end of the watch".utf8)).string ?? ""
        let lines = seen.split(whereSeparator: \.isNewline).filter { $0.contains("\"watched\"") }
        #expect(lines.count { $0.contains("\"GET\"") } >= 50)
        #expect(lines.count >= 100)
    }
}
