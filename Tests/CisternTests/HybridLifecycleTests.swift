import Cistern
import TestSupport
import Testing

/// Beginning and end of the clients that work in the background, and that nothing is left of them.
@Suite("Life of clients", .blockingAlone, .timeLimit(.minutes(20)))
struct HybridLifecycleTests {
    /// The clients that have breakers, checks and timers of their own.
    enum Kind: Sendable, CaseIterable {
        case guarded, hybrid
    }

    private let server: RedisServerProcess
    private let config: RedisConfig

    init() throws {
        server = try RedisServerProcess()
        var config = RedisConfig(reaching: server)
        config.poolSize = 3
        config.minIdleConns = 2
        config.minRetryBackoff = .milliseconds(10)
        config.maxRetryBackoff = .milliseconds(50)
        self.config = config
    }

    private let breaker = CircuitBreakerConfig(
        maxFailures: 1, resetTimeout: .milliseconds(20), checkInterval: .milliseconds(5))

    /// Uses a client a little; the result ends it.
    private func use(_ kind: Kind, round: Int) async throws -> @Sendable () async -> Void {
        switch kind {
        case .guarded:
            let client = try await RedisClient(config, breaker: breaker)
            if round % 3 != 0 { _ = try? await client.set("key", "value", timeout: .milliseconds(100)) }
            return { await client.close() }
        case .hybrid:
            let client = try await HybridRedisClient(config, breaker: breaker)
            if round % 3 != 0 { try await client.set(Bytes("key-\(round)"), "value", timeout: .milliseconds(100)) }
            return { await client.close() }
        }
    }

    @Test(arguments: Kind.allCases, [true, false])
    func aHundredClientsLeaveNothingBehind(kind: Kind, isServerUp: Bool) async throws {
        if !isServerUp { server.kill9() }
        let before = try OpenResources()
        for round in 0..<100 {
            let end = try await use(kind, round: round)
            await end()
            await end()
        }
        #expect(try eventually { try OpenResources().isLike(before) })
    }

    @Test(arguments: Kind.allCases, [true, false])
    func aHundredDroppedClientsLeaveNothingBehind(kind: Kind, isServerUp: Bool) async throws {
        if !isServerUp { server.kill9() }
        let before = try OpenResources()
        for round in 0..<100 { _ = try await use(kind, round: round) }
        #expect(try eventually { try OpenResources().isLike(before) })
    }

    @Test func aDroppedClientIsGoneWithAllThatItKept() async throws {
        server.kill9()
        weak var dropped: HybridRedisClient?
        do {
            let client = try await HybridRedisClient(config, breaker: breaker)
            dropped = client
            for number in 0..<10 {
                #expect(
                    try await client.set(Bytes("key-\(number)"), "value", timeout: .milliseconds(100)).storedIn
                        == .local)
            }
        }
        #expect(eventually { dropped == nil })
    }

    @Test func aClosedClientServesNothingThatItKept() async throws {
        server.kill9()
        let client = try await HybridRedisClient(config, breaker: breaker)
        #expect(try await client.set("key", "value", timeout: .milliseconds(100)).storedIn == .local)
        await client.close()
        await #expect { try await client.get("key") } throws: { ($0 as? RedisError)?.kind == .cancelled }
        await #expect { try await client.set("key", "v") } throws: { ($0 as? RedisError)?.kind == .cancelled }
        await #expect { try await client.delete("key") } throws: { ($0 as? RedisError)?.kind == .cancelled }
    }

    /// The server hangs, and so do a probe and an operation: neither is waited for.
    @Test func closingWaitsForNoAnswer() async throws {
        var config = config
        config.readTimeout = .seconds(60)
        let breaker = CircuitBreakerConfig(
            maxFailures: 1, resetTimeout: .milliseconds(20), checkInterval: .seconds(60))
        let client = try await HybridRedisClient(config, breaker: breaker)
        try await client.set("key", "value")
        server.pause()
        defer { server.resume() }
        #expect(try await client.set("key", "late", timeout: .milliseconds(50)).storedIn == .local)
        #expect(eventually { client.statistics.redis.breaker.probes > 0 })
        let begin = ContinuousClock.now
        await client.close()
        #expect(.now - begin < .seconds(5 * slowness))
    }

    @Test(arguments: ["get", "set", "delete"]) func aCancelledOperationEndsAtOnce(name: String) async throws {
        var config = config
        config.readTimeout = .seconds(60)
        let client = try await HybridRedisClient(config)
        try await client.set("key", "value")
        server.pause()
        defer { server.resume() }
        let before = client.statistics.redis.commands
        let task = Task {
            switch name {
            case "get": _ = try await client.get("key", timeout: .seconds(60))
            case "set": try await client.set("key", "other", timeout: .seconds(60))
            default: try await client.delete("key", timeout: .seconds(60))
            }
        }
        #expect(eventually { client.statistics.redis.commands > before })
        task.cancel()
        await #expect { try await task.value } throws: { ($0 as? RedisError)?.kind == .cancelled }
        await client.close()
    }

    @Test func whatIsLeftOfAFlushIsSaid() async throws {
        let client = try await HybridRedisClient(config, breaker: breaker)
        try await client.set("before", "value")
        server.kill9()
        for number in 0..<5 { try await client.set(Bytes("key-\(number)"), "value", timeout: .milliseconds(100)) }
        #expect(await client.flush(within: .milliseconds(50)) == 5)
        try server.restart()
        #expect(await client.flush(within: .seconds(20)) == 0)
        #expect(client.statistics.pending.replayed == 5)
        #expect(try server.cli("GET", "key-4") == .bytes("value"))
        await client.close()
        let error: RedisError? = await {
            do throws(RedisError) {
                _ = try await client.get("key-4")
                return nil
            } catch {
                return error
            }
        }()
        #expect(error?.kind == .cancelled)
    }
}
