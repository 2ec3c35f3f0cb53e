import CisternBytes
import TestSupport
import Testing

@Suite("Health and statistics", .blocking) struct HealthStatsTests {
    @Test(arguments: Backend.allCases) func aServiceThatWorksPasses(backend: Backend) throws {
        let stack = backend == .redis ? try Stack() : try Stack.local()
        // Long before the first interval of 30 s.
        #expect(try stack.becomes("pass", within: .seconds(3)))
        let answer = try stack.curl().get("/health")
        #expect(answer.status == 200)
        #expect(answer.headers["Content-Type"] == "application/health+json")
        #expect(answer.headers["Cache-Control"] == "no-store")
        #expect(try stack.curl().get("/health/ready").status == 200)
        #expect(try stack.curl().get("/health/live").status == 200)
        #expect(try stack.curl().head("/health").body.isEmpty)
        let check = backend == .redis ? "redis:connections" : "local_cache:entries"
        #expect(try JSONText(answer.text)["checks"]?[check] != nil)
    }

    @Test func withoutRedisItIsReadyWithAWarning() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis)
        #expect(try stack.becomes("pass"))
        redis.kill9()
        #expect(try stack.becomes("warn", within: .seconds(20)))
        for path in ["/health", "/health/ready"] { #expect(try stack.curl().get(path).status == 200) }
        let checks = try JSONText(try stack.curl().get("/health").text)["checks"]
        #expect(checks?["redis:responseTime"]?.elements?.first?["status"]?.string == "fail")
        try redis.restart()
        #expect(try stack.becomes("pass", within: .seconds(20)))
    }

    @Test func withoutRedisAndFallbackItIsAliveButNotReady() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis, environment: ["CISTERN_FALLBACK_ENABLED": "false"])
        #expect(try stack.becomes("pass"))
        redis.kill9()
        #expect(try stack.becomes("fail", within: .seconds(20)))
        for path in ["/health", "/health/ready"] {
            let answer = try stack.curl().get(path)
            #expect(answer.status == 503)
            #expect(answer.headers["Retry-After"] != nil)
        }
        #expect(try stack.curl().get("/health/live").status == 200)
        try redis.restart()
        #expect(try stack.becomes("pass", within: .seconds(20)))
    }

    @Test func healthNeverCallsRedis() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis, environment: ["REDIS_HEALTH_CHECK_INTERVAL": "1h"])
        #expect(try stack.becomes("pass"))
        func pings() throws -> String? { try redis.info("cmdstat_ping") }
        let before = try pings()
        for _ in 0..<50 { _ = try stack.curl().get("/health") }
        #expect(try pings() == before)
    }

    @Test(arguments: Backend.allCases) func statisticsCountWhatHappens(backend: Backend) throws {
        let curl = try (backend == .redis ? try Stack() : try Stack.local()).curl()
        _ = try curl.put("/keys/counted", "v")
        let before = try numbers(curl)
        for _ in 0..<17 { _ = try curl.get("/keys/counted") }
        for _ in 0..<5 { _ = try curl.get("/keys/never-written") }
        let after = try numbers(curl)
        let differences = after.map { path, value in (path, value - (before[path] ?? 0)) }
        #expect(differences.contains { $0.0.contains("hits") && $0.1 == 17 }, "\(differences)")
        #expect(differences.contains { $0.0.contains("misses") && $0.1 == 5 })
        #expect(differences.contains { $0.0.contains("requests") && [17, 22, 23].contains($0.1) })
        #expect(after.contains { $0.key.contains("uptime") })
    }

    @Test func statisticsNameTheVersionOfTheCommand() throws {
        let answer = try Backend.local.stack.curl().get("/stats")
        #expect(answer.status == 200)
        #expect(answer.headers["Content-Type"] == "application/json")
        let version = try #require(try JSONText(answer.text)["version"]?.string)
        #expect(!version.isEmpty)
        #expect(try CisternProcess.run(["--version"]).output.contains(version))
    }

    private func numbers(_ curl: CurlClient) throws -> [String: Double] {
        try JSONText(curl.get("/stats").text).numbers
    }
}
