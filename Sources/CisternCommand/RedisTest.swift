internal import ArgumentParser
internal import CisternBytes
internal import CisternConfiguration
internal import CisternRedis
internal import CisternService

/// `cistern redis-test`.
struct RedisTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redis-test",
        abstract: "Test the connection to Redis, step by step.",
        discussion: """
            Connects with the configuration that serve would use, presents the credentials, writes, reads and deletes a \
            key of its own, and measures. The password comes from REDIS_PASSWORD, REDIS_PASSWORD_FILE or the file: on a \
            command line everybody on the machine could read it.

              REDIS_PASSWORD=… cistern redis-test --host cache.example --port 6379

            Exit code 0 when every step passed, 1 when one failed, 78 when the configuration is not valid.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Option(help: "The host (redis.host).") var host: String?
    @Option(help: "The port (redis.port).") var port: Int?
    @Option(help: "The ACL user (redis.username).") var username: String?
    @Option(help: "The database (redis.db).") var db: Int?
    @Flag(help: "Use TLS (redis.tls_enabled).") var tls = false

    func run() async throws {
        let config = try options.load(flags).config.redis
        print("Redis at \(config.connectionOptions)\n")
        let report = await ConfigValidator().checkNetwork(config)
        say("\(report)")
        try end(isPassed: report.isPassed ? await exercise(config) : false)
    }

    private var flags: [ConfigurationFlag] {
        [
            ("--host", "redis.host", host), ("--port", "redis.port", port.map(String.init)),
            ("--username", "redis.username", username), ("--db", "redis.db", db.map(String.init)),
            ("--tls", "redis.tls_enabled", tls ? "true" : nil),
        ]
        .compactMap { name, key, value in value.map { ConfigurationFlag(name, sets: key, to: $0) } }
    }

    // MARK: Steps

    private static let samples = 200

    private func exercise(_ config: RedisConfig) async -> Bool {
        do {
            let client = try await config.makeClient()
            let isPassed = await exercise(client)
            await client.close()
            return isPassed
        } catch {
            say("FAILED   \(error)")
            return false
        }
    }

    private func exercise(_ client: RedisClient) async -> Bool {
        // A name that nobody else has, and a time to live, should this end before it deletes.
        let key = Bytes("cistern:redis-test:\(UInt64.random(in: 0...UInt64.max))")
        let value = Bytes((0...255).map { UInt8($0) })
        var steps = Steps(width: 8, areVital: true)
        await steps.check("set") {
            try require(try await client.set(key, value, ttl: .seconds(60)), "the key was not written")
        }
        await steps.check("get") {
            try require(try await client.get(key) == value, "another value came back than was written")
        }
        await steps.check("ttl") {
            guard case .remaining(let left) = try await client.ttl(of: key), left > .zero, left <= .seconds(60) else {
                throw Steps.Fault("the key does not expire as it should")
            }
        }
        await steps.check("delete") {
            try require(try await client.delete(key), "the key was gone")
            try require(try await !client.exists(key), "the key is still there")
        }
        await steps.step("latency") { try await measure(client) }
        return !steps.hasFailed
    }

    private func measure(_ client: RedisClient) async throws -> String {
        var times: [Duration] = []
        for _ in 0..<Self.samples { times.append(try await client.ping()) }
        times.sort()
        let pool = client.statistics.pool
        return """
            \(Self.samples) pings: p50 \(times[Self.samples / 2].shown), \
            p99 \(times[Self.samples * 99 / 100].shown), slowest \(times[Self.samples - 1].shown); \
            \(pool.open) of at most \(pool.size) connections open
            """
    }
}
