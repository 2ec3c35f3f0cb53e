import Cistern
import TestSupport
import Testing

/// The library as its users write it, with one import. What stands between two marks is README's, to the letter.
@Suite("Examples of the library", .blocking, .timeLimit(.minutes(20)))
struct LibraryExampleTests {
    private let server: RedisServerProcess
    private let config: RedisConfig

    init() throws {
        server = try RedisServerProcess()
        config = RedisConfig(reaching: server)
    }

    @Test func aPlainClient() async throws {
        // README begins.
        var config = RedisConfig()
        config.host = "127.0.0.1"
        config.port = Int(server.port)
        let client = try await config.makeClient()  // fails when Redis cannot be reached
        try await client.set("key", "value", ttl: .seconds(3600))
        let value: Bytes? = try await client.get("key")  // nil is a miss, not an error
        print(value?.string ?? "none")
        await client.close()  // twice is fine
        let options = config.connectionOptions  // address, TLS, timeouts, pool
        print(options.address)
        // README ends.
        await client.close()
        #expect(value == "value")
        #expect(options.address == "127.0.0.1:\(server.port)")
        #expect(try server.cli("GET", "key") == .bytes("value"))
        guard case .integer(let left) = try server.cli("TTL", "key") else { throw TestFailure("no TTL") }
        #expect((3000...3600).contains(left))
    }

    @Test func aClientWithBreakerReconnectionAndHealthChecks() async throws {
        // README begins.
        let redis = try await RedisClient(config)  // does not fail because Redis is down
        try await redis.ping()
        print(redis.statistics.pool.open, redis.statistics.breaker.state, redis.statistics.health.isHealthy)
        await redis.close()
        // README ends.
        #expect(redis.statistics.breaker.state == .closed)
        #expect(redis.statistics.commands >= 1)
    }

    @Test func aClientWithTheLocalFallback() async throws {
        // README begins.
        let hybrid = try await HybridRedisClient(config)
        let receipt = try await hybrid.set("key", "value", ttl: .seconds(3600))
        print(receipt.storedIn)  // redis, or local while Redis is away
        if let hit = try await hybrid.get("key") { print(hit.value.string ?? "", hit.source, hit.age) }
        try await hybrid.delete("key")
        print(hybrid.isRedisHealthy, hybrid.statistics.pending.entries)
        await hybrid.flush(within: .seconds(5))  // what is kept ends with the process
        await hybrid.close()
        // README ends.
        #expect(receipt.storedIn == .redis)
        #expect(try server.cli("EXISTS", "key") == .integer(0))
        #expect(hybrid.statistics.pending.entries == 0)
    }

    @Test func validationNamesEveryFaultAtOnce() async throws {
        var keys: [String] = []
        // README begins.
        var wrong = config
        wrong.host = ""
        wrong.port = 0
        do { try ConfigValidator().validate(wrong) } catch {
            for fault in error.faults { print(fault.key, fault.rule, fault.hint) }  // host, port
        }
        let report = await ConfigValidator().checkNetwork(config)
        print(report)  // resolve, connect, tls, auth, ping; each with its time
        // README ends.
        do { try ConfigValidator().validate(wrong) } catch { keys = error.faults.map(\.key) }
        #expect(keys == ["host", "port"])
        #expect(report.isPassed)
        #expect(report.steps.map(\.name) == [.resolve, .connect, .tls, .auth, .ping])
    }

    @Test func aBreakerOnItsOwn() async throws {
        let redis = try await RedisClient(config)
        // README begins.
        let breaker = CircuitBreaker(
            .init(maxFailures: 5, resetTimeout: .seconds(30), checkInterval: .seconds(10), successThreshold: 2))
        let answer = try await breaker.execute { try await redis.ping() }  // or anything else that may fail
        print(breaker.state, breaker.statistics.consecutiveFailures, answer)
        // README ends.
        #expect(breaker.state == .closed)
        #expect(breaker.statistics.successes == 1)
        #expect(answer > .zero)
        await redis.close()
        for _ in 0..<5 {
            await #expect(throws: RedisError.self) { try await breaker.execute { try await redis.ping() } }
        }
        await #expect(throws: CircuitOpenError.self) { try await breaker.execute { try await redis.ping() } }
    }

    @Test func theOtherPartsOnTheirOwn() throws {
        let root = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        // README begins.
        let cache = LocalCache(maxEntries: 1000, maxBytes: 16 << 20, ttl: .seconds(300))
        cache.set("key", "value", ttl: .seconds(5))
        let loaded = try RedisConfig(contentsOf: "\(root)/Config/redis.json")
        let fromEnvironment = try RedisConfig(environment: ["REDIS_HOST": "cache", "REDIS_READ_TIMEOUT": "250ms"])
        let fromURL = try RedisConfig(url: "rediss://user:secret@cache:6380/2?read_timeout=250ms")
        print(cache.statistics.entries, loaded, fromEnvironment, fromURL)  // passwords are not shown
        // README ends.
        #expect(cache.get("key") == "value")
        #expect(loaded == RedisConfig())
        #expect(fromEnvironment.host == "cache" && fromEnvironment.readTimeout == .milliseconds(250))
        #expect(fromURL.port == 6380 && fromURL.db == 2 && fromURL.tlsEnabled && fromURL.username == "user")
        #expect(fromURL.password == "secret" && !"\(fromURL)".contains("secret"))
    }
}
