internal import ArgumentParser
internal import CisternBytes
internal import CisternConfiguration
internal import CisternRedis
internal import CisternService
internal import Glibc

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
        print(report)
        guard report.isPassed else { throw Self.verdict(failed: true) }
        do {
            try await exercise(config)
        } catch let error as RedisError {
            print("FAILED   \(error)")
            throw Self.verdict(failed: true)
        }
        _ = Self.verdict(failed: false)
    }

    private var flags: [ConfigurationFlag] {
        [
            ("--host", "redis.host", host), ("--port", "redis.port", port.map(String.init)),
            ("--username", "redis.username", username), ("--db", "redis.db", db.map(String.init)),
            ("--tls", "redis.tls_enabled", tls ? "true" : nil),
        ]
        .compactMap { name, key, value in value.map { ConfigurationFlag(name, sets: key, to: $0) } }
    }

    private static func verdict(failed: Bool) -> ExitCode {
        print(failed ? "\nverdict: FAILED" : "\nverdict: passed")
        return failed ? .failure : .success
    }

    // MARK: Steps

    private static let samples = 200

    private func exercise(_ config: RedisConfig) async throws {
        let client = try await config.makeClient()
        do {
            try await exercise(client)
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }

    private func exercise(_ client: RedisClient) async throws {
        // A name that nobody else has, and a time to live, should this end before it deletes.
        let key = Bytes("cistern:redis-test:\(UInt64.random(in: 0...UInt64.max))")
        let value = Bytes((0...255).map { UInt8($0) })
        try await step("set") { try await client.set(key, value, ttl: .seconds(60)) ? nil : "the key was not written" }
        try await step("get") { try await client.get(key) == value ? nil : "another value came back than was written" }
        try await step("ttl") {
            if case .remaining(let left) = try await client.ttl(of: key), left > .zero, left <= .seconds(60) {
                return nil
            }
            return "the key does not expire as it should"
        }
        try await step("delete") {
            try await client.delete(key)
                ? try await client.exists(key) ? "the key is still there" : nil : "the key was gone"
        }
        var times: [Duration] = []
        for _ in 0..<Self.samples { times.append(try await client.ping()) }
        times.sort()
        let pool = client.statistics.pool
        print(
            """

            latency  \(Self.samples) pings: p50 \(Self.shown(times[Self.samples / 2])), \
            p99 \(Self.shown(times[Self.samples * 99 / 100])), slowest \(Self.shown(times[Self.samples - 1]))
            pool     \(pool.open) of at most \(pool.size) connections open
            """)
    }

    /// Does a step and says how it went; a text is what was wrong.
    private func step(_ name: String, _ body: () async throws -> String?) async throws {
        let padded = name + String(repeating: " ", count: max(0, 8 - name.count))
        let clock = ContinuousClock()
        let start = clock.now
        if let fault = try await body() {
            print("\(padded) FAILED   \(fault)")
            throw Self.verdict(failed: true)
        }
        print("\(padded) passed   \(Self.shown(clock.now - start))")
    }

    private static func shown(_ duration: Duration) -> String {
        "\(Int(duration / .microseconds(1))) µs"
    }
}
