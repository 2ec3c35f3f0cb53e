import CisternRedis
import TestSupport

extension RedisConfig {
    /// A server on the loopback, one connection, and a backoff that a test can wait for.
    static func local(_ port: UInt16, _ change: (inout RedisConfig) -> Void = { _ in }) -> RedisConfig {
        var config = RedisConfig()
        config.host = "127.0.0.1"
        config.port = Int(port)
        config.poolSize = 1
        config.minIdleConns = 1
        config.minRetryBackoff = .milliseconds(10)
        config.maxRetryBackoff = .milliseconds(50)
        change(&config)
        return config
    }
}

extension RedisServerProcess {
    func config(_ change: (inout RedisConfig) -> Void = { _ in }) -> RedisConfig { .local(port, change) }

    /// The numbers of the connections that are Cistern's.
    func connections() throws -> [String] {
        try clients().compactMap { line in
            line.contains("name=cistern") ? line.split(separator: " ").first.map(String.init) : nil
        }
    }

    /// A server that has no HELLO, as those before Redis 6.
    static func withoutHello(_ lines: [String] = []) throws -> RedisServerProcess {
        var options = Options()
        options.lines = ["rename-command HELLO \"\""] + lines
        return try RedisServerProcess(options)
    }
}

extension RedisClient {
    /// A client that asks the server nothing on its own: no breaker, no checks.
    static func unguarded(_ config: RedisConfig) async throws -> RedisClient {
        let client = try RedisClient(config, guardedBy: nil, group: nil, logger: nil)
        await client.start()
        return client
    }
}

/// Runs `body` with a client and closes it, however the body ends.
func withClient<Result>(
    _ config: RedisConfig, _ body: (RedisClient) async throws -> Result
) async throws -> Result {
    let client = try await RedisClient.unguarded(config)
    do {
        let result = try await body(client)
        await client.close()
        return result
    } catch {
        await client.close()
        throw error
    }
}

/// The error that `body` throws; nil when it throws none.
func redisError(_ body: () async throws(RedisError) -> Void) async -> RedisError? {
    do throws(RedisError) {
        try await body()
        return nil
    } catch {
        return error
    }
}
