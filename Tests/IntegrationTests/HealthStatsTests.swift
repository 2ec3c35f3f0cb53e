import CisternBytes
import Glibc
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
        let since = try #require(try numbers(stack.curl())["/degraded_since"])
        #expect(abs(since - Double(time(nil))) < 60)
        try redis.restart()
        #expect(try stack.becomes("pass", within: .seconds(20)))
        #expect(try numbers(stack.curl())["/degraded_since"] == nil)
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

    @Test(arguments: Backend.allCases) func metricsAreReadByPrometheus(backend: Backend) throws {
        let stack = backend == .redis ? try Stack() : try Stack.local()
        let curl = try stack.curl()
        #expect(try stack.becomes("pass"))
        _ = try curl.put("/keys/counted", "v")
        for _ in 0..<17 { _ = try curl.get("/keys/counted") }
        for _ in 0..<5 { _ = try curl.get("/keys/never-written") }
        let answer = try curl.get("/metrics")
        #expect(answer.status == 200)
        #expect(answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(answer.headers["Cache-Control"] == "no-store")
        let metrics = try PrometheusText(answer.text)
        let samples = metrics.samples
        #expect(samples["cistern_requests_total{route=\"/keys/{key}\",status=\"2xx\"}"] == 18)
        #expect(samples["cistern_requests_total{route=\"/keys/{key}\",status=\"4xx\"}"] == 5)
        #expect(samples["cistern_cache_hits_total"] == 17)
        #expect(samples["cistern_latency_seconds_count{route=\"/keys/{key}\"}"] == 23)
        func latency(_ quantile: String) -> Double {
            samples["cistern_latency_seconds{route=\"/keys/{key}\",quantile=\"\(quantile)\"}"] ?? -1
        }
        let (median, last) = (latency("0.5"), latency("0.999"))
        #expect(median > 0 && median <= last && last < 60)
        #expect(metrics.families["cistern_latency_seconds"]?.type == "summary")
        #expect(metrics.families["cistern_connections_open"]?.type == "gauge")
        // https://prometheus.io/docs/practices/naming: base units, and no parts or multiples of them.
        for name in metrics.families.keys {
            let words = name.split(separator: "_")
            #expect(!words.contains { ["ns", "us", "ms", "minutes", "kb", "kib", "percent"].contains($0) }, "\(name)")
        }
        // No key, and nothing of a client, becomes a label.
        #expect(!answer.text.contains("counted") && !answer.text.contains("never-written"))
        if backend == .redis {
            // Each read is a command of its own, besides what connections and checks need.
            #expect(samples["cistern_redis_round_trip_seconds_count"] ?? 0 >= 23)
            #expect(samples["cistern_redis_round_trip_seconds{quantile=\"0.5\"}"] ?? 0 > 0)
            let check = samples["cistern_health_round_trip_p50_seconds"] ?? 0
            #expect(check > 0 && check < 1)
            #expect(samples["cistern_breaker_state{state=\"closed\"}"] == 1)
            #expect(samples["cistern_degraded_since"] == nil)
        }
    }

    /// No breaker opens and nothing is kept: without these nobody but the clients would know.
    @Test func aRedisWithoutMemoryIsCountedAndToldOf() throws {
        let stack = try Stack()
        let curl = try stack.curl()
        #expect(try stack.becomes("pass"))
        try stack.redis?.cli("CONFIG", "SET", "maxmemory", "1")
        for number in 0..<3 { #expect(try curl.put("/keys/n-\(number)", "v").status == 507) }
        #expect(try numbers(curl)["/redis/out_of_memory"] == 3)
        #expect(try PrometheusText(curl.get("/metrics").text).samples["cistern_redis_out_of_memory_total"] == 3)
        let told = "warning Redis is out of memory and refuses writes"
        #expect(stack.service.text.ranges(of: told).count == 1)
        #expect(try stack.health() == "pass")
    }

    /// Time that Redis takes is in the percentiles of its route and of the round trips, and in no other.
    @Test func aSlowRedisShowsInThePercentiles() throws {
        let redis = try RedisServerProcess()
        let proxy = try FaultProxy(to: redis.port)
        let stack = try Stack(
            on: redis, environment: ["REDIS_PORT": "\(proxy.port)", "CISTERN_FALLBACK_ENABLED": "false"])
        let curl = try stack.curl()
        #expect(try stack.becomes("pass"))
        proxy.set(.delay(.milliseconds(50)))
        for _ in 0..<5 { #expect(try curl.get("/keys/missing").status == 404) }
        _ = try curl.get("/health")
        proxy.set(.pass)
        let numbers = try numbers(curl)
        #expect(numbers["/latency_seconds//keys/{key}/p50"] ?? 0 >= 0.1)
        #expect(numbers["/redis/round_trip_seconds/p99.9"] ?? 0 >= 0.1)
        #expect(numbers["/latency_seconds//health/p50"] ?? 1 < 0.1)
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
