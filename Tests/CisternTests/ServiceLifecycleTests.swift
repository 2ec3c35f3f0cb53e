import Cistern
import Logging
import ServiceLifecycle
import TestSupport
import Testing

/// Clients that a `ServiceGroup` of swift-service-lifecycle owns.
@Suite("Clients as services", .blocking, .timeLimit(.minutes(20)))
struct ServiceLifecycleTests {
    private let server: RedisServerProcess
    private let config: RedisConfig

    init() throws {
        server = try RedisServerProcess()
        var config = RedisConfig(reaching: server)
        config.minRetryBackoff = .milliseconds(10)
        config.maxRetryBackoff = .milliseconds(50)
        self.config = config
    }

    /// Has a group run the client while `body` runs, and then shut down gracefully.
    private func withGroup(_ client: any Service, _ body: () async throws -> Void) async throws {
        let group = ServiceGroup(services: [client], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body()
            await group.triggerGracefulShutdown()
            try await tasks.next()
        }
    }

    @Test func aClientIsClosedAtTheEnd() async throws {
        let client = try await RedisClient(config)
        try await withGroup(client) { try await client.set("key", "value") }
        await #expect { try await client.get("key") } throws: { ($0 as? RedisError)?.kind == .cancelled }
    }

    @Test func whatAHybridClientKeepsGoesToRedisBeforeItEnds() async throws {
        let client = try await HybridRedisClient(config)
        try await withGroup(client) {
            try await client.set("key", "old")
            server.kill9()
            #expect(try await client.set("key", "new").storedIn == .local)
            try server.restart()
        }
        #expect(client.statistics.pending.entries == 0)
        #expect(try server.cli("GET", "key") == .bytes("new"))
        await #expect { try await client.get("key") } throws: { ($0 as? RedisError)?.kind == .cancelled }
    }

    @Test func aCancelledHybridClientDoesNotWaitForRedis() async throws {
        let client = try await HybridRedisClient(config)
        server.kill9()
        #expect(try await client.set("key", "value").storedIn == .local)
        let begin = ContinuousClock.now
        // In a group, whose tasks run on the threads of this test: in the pool of all tasks other tests may compute for seconds.
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await client.run() }
            tasks.cancelAll()
            try await tasks.waitForAll()
        }
        #expect(ContinuousClock.now - begin < .seconds(5))
        #expect(client.statistics.pending.entries == 1)
    }
}
