import Cistern
import TestSupport
import Testing

@testable import CisternRedis

/// The settings of the pool do what they say.
@Suite(.blocking, .timeLimit(.minutes(20)))
struct PoolTests {
    @Test func theMinimumIsOpenedAtStart() async throws {
        let server = try RedisServerProcess()
        try await withClient(
            server.config {
                $0.poolSize = 8; $0.minIdleConns = 5
            }
        ) { client async throws in
            #expect(eventually { client.statistics.pool.open == 5 })
            #expect(client.statistics.pool.idle == 5)
            #expect(client.statistics.pool.size == 8)
            #expect(try server.connections().count == 5)
        }
        #expect(try eventually { try server.connections().isEmpty })
    }

    @Test func moreAreOpenedWhenTheyAreDeepAndNeverMoreThanTheSize() async throws {
        let server = try FaultServer.greeting { _ in [.silence] }
        let config = RedisConfig.local(server.port) {
            $0.poolSize = 3; $0.readTimeout = .seconds(60)
        }
        try await withClient(config) { client async throws in
            try await client.ready()
            #expect(client.statistics.pool.open == 1)
            var tasks: [Task<Bytes?, any Error>] = []
            for open in [2, 3, 3] {
                let wave = (0..<600).map { _ in Task { try await client.get("key", timeout: .seconds(60)) } }
                tasks += wave
                #expect(eventually { client.statistics.commands == tasks.count })
                #expect(eventually { client.statistics.pool.open == open })
            }
            #expect(eventually { client.statistics.pool.idle == 0 })
            #expect(server.connections == 3)
            for task in tasks { task.cancel() }
            for task in tasks { _ = await task.result }
        }
    }

    @Test func unusedOnesAreClosedDownToTheMinimum() async throws {
        let server = try RedisServerProcess()
        let config = server.config {
            $0.poolSize = 2
            $0.idleTimeout = .milliseconds(50)
            $0.idleCheckFrequency = .milliseconds(20)
        }
        try await withClient(config) { client async throws in
            try await client.ping()
            server.pause()
            let tasks = (0..<2000).map { _ in Task { try await client.get("key") } }
            #expect(eventually { client.statistics.commands == 2001 && client.statistics.dials == 2 })
            server.resume()
            for task in tasks { _ = try await task.value }
            #expect(eventually { client.statistics.dials == 2 && client.statistics.pool.open == 1 })
            #expect(client.statistics.connectionsLost == 0)
            try await client.ping()
        }
    }

    @Test(arguments: [1, 4])
    func oldOnesAreReplacedWithoutAFailure(size: Int) async throws {
        let server = try RedisServerProcess()
        let config = server.config {
            $0.poolSize = size
            $0.minIdleConns = (size + 1) / 2
            $0.maxRetries = 0
            $0.maxConnAge = .milliseconds(30)
            $0.idleCheckFrequency = .milliseconds(10)
        }
        try await withClient(config) { client async throws in
            try await client.ping()
            let before = try server.connections()
            var rounds = 0
            while client.statistics.dials < 8, rounds < 50_000 {
                try await client.set("key", Bytes("\(rounds)"))
                #expect(try await client.get("key") == Bytes("\(rounds)"))
                rounds += 1
            }
            #expect(client.statistics.dials >= 8)
            #expect(Set(try server.connections()).isDisjoint(with: before))
            #expect(try server.connections().count <= size)
            #expect(client.statistics.connectionsLost == 0)
        }
    }
}
