import Cistern
import TestSupport
import Testing

/// The library as its users write it: one import, and these lines as they stand in the README.
@Suite(.blocking, .timeLimit(.minutes(10)))
struct LibraryExampleTests {
    private let server: RedisServerProcess

    init() throws { server = try RedisServerProcess() }

    @Test func aPlainClient() async throws {
        var config = RedisConfig()
        config.host = "127.0.0.1"
        config.port = Int(server.port)
        let client = try await config.makeClient()
        try await client.set("key", "value", ttl: .seconds(3600))
        let value: Bytes? = try await client.get("key")  // nil is a miss, not an error
        print(value?.string ?? "none")
        await client.close()  // twice is fine
        await client.close()
        let options = config.connectionOptions
        print(options.address)
        #expect(value?.string == "value")
        #expect(options.address == "127.0.0.1:\(server.port)")
    }

    @Test func aClientThatDoesNotFailBecauseRedisIsDown() async throws {
        var config = RedisConfig()
        config.host = "127.0.0.1"
        config.port = Int(server.port)
        let redis = try await RedisClient(config)
        try await redis.ping()
        print(redis.statistics.pool.open)
        #expect(redis.statistics.pool.open >= 1)
        await redis.close()
    }

    @Test func everyFaultAtOnce() async throws {
        let config = server.config()
        var wrong = config
        wrong.host = ""
        wrong.port = 0
        var keys: [String] = []
        do { try ConfigValidator().validate(wrong) } catch {
            for fault in error.faults {
                print(fault.key, fault.rule, fault.hint)
                keys.append(fault.key)
            }
        }
        #expect(keys == ["host", "port"])
        let report = await ConfigValidator().checkNetwork(config)  // resolve, connect, tls, auth, ping
        #expect(report.isPassed)
    }

    @Test func theOtherPartsOnTheirOwn() throws {
        let folder = try makeTemporaryFolder()
        try writeFile("\(folder)/redis.json", #"{"host": "cache", "read_timeout": "250ms"}"#)
        let cache = LocalCache(maxEntries: 1000, maxBytes: 16 << 20, ttl: .seconds(300))
        cache.set("key", "value", ttl: .seconds(5))
        let loaded = try RedisConfig(contentsOf: "\(folder)/redis.json")
        let fromEnvironment = try RedisConfig(environment: ["REDIS_HOST": "cache", "REDIS_READ_TIMEOUT": "250ms"])
        let fromURL = try RedisConfig(url: "rediss://user:secret@cache:6380/2?read_timeout=250ms")
        #expect(cache.get("key")?.string == "value")
        #expect(loaded == fromEnvironment)
        #expect(
            fromURL.port == 6380 && fromURL.db == 2 && fromURL.tlsEnabled && fromURL.readTimeout == .milliseconds(250))
    }
}
