import Cistern
import TestSupport
import Testing

@testable import CisternRedis

/// Beginning and end of a client, and that nothing is left of it.
@Suite(.blockingAlone, .timeLimit(.minutes(20)))
struct LifecycleTests {
    @Test func closingTwiceIsFineAndWhatComesLaterIsRefused() async throws {
        let server = try RedisServerProcess()
        let client = try await server.config().makeClient()
        async let first: Void = client.close()
        async let second: Void = client.close()
        _ = await (first, second)
        await client.close()
        for _ in 0..<3 {
            let error = await redisError { () async throws(RedisError) in try await client.ping() }
            #expect(error == ErrorHandler.clientClosed)
        }
        #expect(client.statistics.pool.open == 0 && client.statistics.pool.idle == 0)
        #expect(!client.isConnected)
    }

    @Test func closingEndsOperationsInProgress() async throws {
        let server = try FaultServer.greeting { _ in [.silence] }
        let client = try await RedisClient.unguarded(.local(server.port))
        try await client.ready()
        let task = Task { try await client.set("key", "value") }
        #expect(eventually { client.statistics.pool.idle == 0 })
        await client.close()
        let error = await task.result.failure as? RedisError
        #expect(error?.kind == .cancelled && error?.isOutcomeUnknown == true)
    }

    @Test func closingEndsAnOperationThatWaitsForItsNextAttempt() async throws {
        let server = try FaultServer.greeting { _ in FaultServer.Step.answer("key", "-LOADING x\r\n") + [.silence] }
        let config = RedisConfig.local(server.port) {
            $0.minRetryBackoff = .seconds(600); $0.maxRetryBackoff = .seconds(600)
        }
        let client = try await RedisClient.unguarded(config)
        let task = Task { try await client.get("key", timeout: .seconds(3600)) }
        #expect(eventually { client.statistics.retries == 1 })
        await client.close()
        let error = await task.result.failure as? RedisError
        #expect(error?.kind == .cancelled)
    }

    @Test func anOperationThatWaitsForItsNextAttemptCanBeCancelled() async throws {
        let server = try FaultServer.greeting { _ in FaultServer.Step.answer("key", "-LOADING x\r\n") + [.silence] }
        let config = RedisConfig.local(server.port) {
            $0.minRetryBackoff = .seconds(600); $0.maxRetryBackoff = .seconds(600)
        }
        try await withClient(config) { client async throws in
            let task = Task { try await client.get("key", timeout: .seconds(3600)) }
            #expect(eventually { client.statistics.retries == 1 })
            task.cancel()
            let error = await task.result.failure as? RedisError
            #expect(error?.kind == .cancelled)
        }
    }

    @Test(arguments: [false, true])
    func closingWhileDialingWaitsForNothing(isGreeting: Bool) async throws {
        let server = try FaultServer { _ in [.silence] }
        let before = try OpenResources()
        for round in 1...10 {
            let client = try await RedisClient.unguarded(.local(server.port) { $0.dialTimeout = .seconds(600) })
            if isGreeting { #expect(eventually { server.count("HELLO") == round }) }
            await client.close()
        }
        #expect(try eventually { try OpenResources().isLike(before) })
    }

    @Test func aHundredClientsLeaveNothingBehind() async throws {
        let server = try RedisServerProcess()
        let before = try OpenResources()
        for number in 0..<100 {
            let client = try await RedisClient.unguarded(
                server.config {
                    $0.poolSize = 3; $0.minIdleConns = number % 4
                })
            if number % 3 != 0 { try await client.ping() }
            await client.close()
        }
        #expect(try eventually { try OpenResources().isLike(before) })
        #expect(try eventually { try server.connections().isEmpty })
    }

    @Test func aClientThatIsDroppedLeavesNothingBehind() async throws {
        let server = try RedisServerProcess()
        let before = try OpenResources()
        for number in 0..<50 {
            let client = try await RedisClient.unguarded(
                server.config {
                    $0.poolSize = 3; $0.minIdleConns = number % 4
                })
            if number % 3 != 0 { try await client.ping() }
        }
        #expect(try eventually { try OpenResources().isLike(before) })
        #expect(try eventually { try server.connections().isEmpty })
    }

    @Test func cancellingRunClosesIt() async throws {
        let server = try RedisServerProcess()
        let client = try await server.config().makeClient()
        let task = Task { try await client.run() }
        try await client.ping()
        task.cancel()
        try await task.value
        let error = await redisError { () async throws(RedisError) in try await client.ping() }
        #expect(error == ErrorHandler.clientClosed)
    }
}
