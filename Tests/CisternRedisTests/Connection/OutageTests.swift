import Cistern
import TestSupport
import Testing

@testable import CisternRedis

/// A server that stops, dies and comes back.
@Suite(.blockingAlone, .timeLimit(.minutes(20)))
struct OutageTests {
    private let server: RedisServerProcess

    init() throws { server = try RedisServerProcess() }

    @Test func operationsOnAStoppedServerEndInTimeAndTheConnectionGoesOn() async throws {
        try await withClient(server.config()) { client async throws in
            try await client.set("key", "value")
            let connections = try server.connections()
            server.pause()
            let start = ContinuousClock.now
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let error = await redisError { () async throws(RedisError) in
                            if number % 2 == 0 {
                                _ = try await client.get("key", timeout: .milliseconds(250))
                            } else {
                                try await client.set("key", "late", timeout: .milliseconds(250))
                            }
                        }
                        #expect(error?.kind == .timeout)
                        #expect(error?.isOutcomeUnknown == true)
                    }
                }
            }
            let time = ContinuousClock.now - start
            #expect(time >= .milliseconds(249) && time < .milliseconds(350 * slowness))
            server.resume()
            try await client.set("key", "after")
            #expect(try await client.get("key") == "after")
            #expect(try server.connections() == connections)
            #expect(client.statistics.connectionsLost == 0)
            #expect(client.statistics.timeouts == 20)
        }
    }

    @Test func aConnectionThatAnswersNothingIsReplaced() async throws {
        let config = server.config {
            $0.readTimeout = .milliseconds(200)
            $0.dialTimeout = .milliseconds(100)
        }
        try await withClient(config) { client async throws in
            try await client.ping()
            let connections = try server.connections()
            // One that owes no reply may be silent for as long as it likes.
            #expect(!eventually(within: .milliseconds(300)) { !client.isConnected })
            server.pause()
            let error = await redisError { () async throws(RedisError) in
                _ = try await client.delete("key", timeout: .seconds(100_000_000_000))
            }
            #expect(error?.kind == .timeout)
            #expect(error?.isOutcomeUnknown == true)
            #expect(client.statistics.connectionsLost == 1)
            server.resume()
            try await client.ping()
            #expect(try server.connections() != connections)
        }
    }

    @Test func aConnectionThatTakesNothingIsReplaced() async throws {
        let config = server.config {
            $0.writeTimeout = .milliseconds(200)
            $0.readTimeout = .seconds(60)
            $0.maxRetries = 0
        }
        try await withClient(config) { client async throws in
            try await client.ping()
            server.pause()
            let start = ContinuousClock.now
            let large = Bytes([UInt8](repeating: 1, count: 32 << 20))
            let error = await redisError { () async throws(RedisError) in
                try await client.set("key", large, timeout: .seconds(30))
            }
            #expect(error?.kind == .timeout)
            #expect(ContinuousClock.now - start < .seconds(5))
            server.resume()
            try await client.ping()
        }
    }

    @Test func aServerThatWasKilledIsFoundAgainInTheBackground() async throws {
        try await withClient(
            server.config {
                $0.poolSize = 3; $0.minIdleConns = 3
            }
        ) { client async throws in
            #expect(eventually { client.statistics.pool.open == 3 })
            server.kill9()
            #expect(eventually { !client.isConnected && client.lastFailure == .connection })
            let error = await redisError { () async throws(RedisError) in
                _ = try await client.get("key", timeout: .milliseconds(5))
            }
            #expect(error != nil)
            try server.restart()
            // Nobody asks for anything: it comes back by itself.
            #expect(eventually { client.statistics.pool.open == 3 })
            #expect(client.isConnected && client.lastFailure == nil)
            #expect(client.statistics.connectionsLost == 3)
            #expect(client.statistics.reconnection.reconnections == 1)
            #expect(client.statistics.dialFailures > 0)
            try await client.set("key", "value")
        }
    }

    @Test func aServerThatIsDownAtStartIsFoundWhenItComes() async throws {
        server.kill9()
        let client = try await RedisClient.unguarded(server.config())
        #expect(eventually { client.lastFailure == .connection })
        #expect(!client.isConnected)
        let error = await redisError { () async throws(RedisError) in
            _ = try await client.get("key", timeout: .milliseconds(5))
        }
        #expect(error?.kind == .connection && error?.phase == .dialing && error?.isOutcomeUnknown == false)
        try server.restart()
        try await client.ping()
        await client.close()
    }

    @Test func makeClientFailsWhereNobodyListens() async throws {
        server.kill9()
        let config = server.config { $0.dialTimeout = .milliseconds(100) }
        let error = await #expect(throws: RedisError.self) { try await config.makeClient() }
        #expect(error?.kind == .connection)
    }

    @Test func aConnectionThatTheServerEndedIsReplacedUnnoticed() async throws {
        try await withClient(server.config()) { client async throws in
            try await client.set("key", "value")
            for round in 1...5 {
                let ended = try server.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                #expect(ended == .integer(1))
                #expect(try await client.get("key") == "value")
                #expect(eventually { client.statistics.connectionsLost == round })
            }
        }
    }
}
