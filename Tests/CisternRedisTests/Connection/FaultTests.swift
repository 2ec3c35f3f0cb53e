import Cistern
import TestSupport
import Testing

@testable import CisternRedis

/// What a real server does too seldom, from servers that follow a script.
@Suite(.blocking, .timeLimit(.minutes(20)))
struct FaultTests {
    @Test func aReadWhoseConnectionEndedIsMadeAgainAndAWriteThatMayHaveHappenedIsNot() async throws {
        let server = try FaultServer.greeting { connection in
            connection.isMultiple(of: 2)
                ? [.receiveThrough("key\r\n"), .reset]
                : FaultServer.Step.answer("key", "$1\r\na\r\n") + [.receiveThrough("key\r\n"), .reset]
        }
        try await withClient(.local(server.port)) { client async throws in
            #expect(try await client.get("key") == "a")
            #expect(client.statistics.retries == 1)
            let error = await redisError { () async throws(RedisError) in try await client.delete("key") }
            #expect(error?.isOutcomeUnknown == true)
            #expect(error?.kind == .connection)
            #expect(server.count("DEL") == 1)
        }
    }

    @Test func aRepeatableWriteThatFailsForGoodAfterItWasSentOnceIsOfUnknownOutcome() async throws {
        let server = try FaultServer { connection in
            connection == 0 ? FaultServer.Step.greeting + [.receiveThrough("value\r\n"), .reset] : [.reset]
        }
        try await withClient(.local(server.port)) { client async throws in
            let error = await redisError { () async throws(RedisError) in try await client.set("key", "value") }
            #expect(error?.isOutcomeUnknown == true)
            #expect(client.statistics.retries == 3)
        }
    }

    @Test func aReplyThatIsCutOffIsAskedForAgainWhereThatIsSafe() async throws {
        let server = try FaultServer.greeting { connection in
            (connection == 1 ? FaultServer.Step.answer("key", "$1\r\na\r\n") : [])
                + FaultServer.Step.answer("key", "$5\r\nab") + [.close]
        }
        try await withClient(.local(server.port)) { client async throws in
            #expect(try await client.get("key") == "a")
            let error = await redisError { () async throws(RedisError) in try await client.delete("key") }
            #expect(error?.isOutcomeUnknown == true)
            #expect(error?.phase == .reading)
        }
    }

    @Test(arguments: ["?\r\n", "$-2\r\n", ":x\r\n", "*1\n", "HTTP/1.1 400 Bad Request\r\n\r\n"] as [Bytes])
    func aFrameThatIsNotRESPEndsTheConnectionAndIsAskedForAgainWhereThatIsSafe(frame: Bytes) async throws {
        let server = try FaultServer.greeting { connection in
            (connection == 1 ? FaultServer.Step.answer("key", "$1\r\na\r\n") : [])
                + FaultServer.Step.answer("key", frame) + [.silence]
        }
        try await withClient(.local(server.port)) { client async throws in
            #expect(try await client.get("key") == "a")
            let error = await redisError { () async throws(RedisError) in try await client.delete("key") }
            #expect(error?.kind == .protocol)
            #expect(error?.isOutcomeUnknown == true)
        }
    }

    @Test func whatTheServerPushesIsNobodysReply() async throws {
        let push: Bytes = ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n"
        let server = try FaultServer.greeting { _ in
            [
                .send([push]), .receiveThrough("a\r\n"), .send([push, "$1\r\n", "1\r\n", push]),
                .receiveThrough("b\r\n"),
            ]
                + [.send([push, push, "$1\r\n2\r\n"]), .silence]
        }
        try await withClient(.local(server.port)) { client async throws in
            #expect(try await client.get("a") == "1")
            #expect(try await client.get("b") == "2")
            #expect(client.statistics.connectionsLost == 0)
        }
    }

    @Test func aReplyToNothingEndsTheConnectionAndTheNextOneServes() async throws {
        let server = try FaultServer.greeting { connection in
            FaultServer.Step.answer("a", connection == 0 ? "$1\r\n1\r\n$1\r\n2\r\n" : "$1\r\n3\r\n")
                + [.receiveThrough("b\r\n"), .send(["$1\r\n4\r\n"]), .silence]
        }
        try await withClient(.local(server.port)) { client async throws in
            #expect(try await client.get("a") == "1")
            #expect(eventually { client.statistics.connectionsLost == 1 })
            #expect(try await client.get("a") == "3")
            #expect(try await client.get("b") == "4")
        }
    }

    @Test func repliesInPiecesArePutTogether() async throws {
        let server = try FaultServer.greeting { _ in
            FaultServer.Step.answer("key", "$", "1", "1\r", "\nhello", " ", "world\r", "\n") + [.silence]
        }
        try await withClient(.local(server.port)) { client async throws in
            #expect(try await client.get("key") == "hello world")
        }
    }

    @Test func aServerThatIsLoadingIsAskedAgainAfterABackoff() async throws {
        let server = try FaultServer.greeting { _ in
            FaultServer.Step.answer("key", "-LOADING Redis is loading the dataset in memory\r\n")
                + FaultServer.Step.answer("key", "-LOADING Redis is loading the dataset in memory\r\n")
                + FaultServer.Step.answer("key", ":1\r\n") + [.silence]
        }
        try await withClient(.local(server.port)) { client async throws in
            let start = ContinuousClock.now
            #expect(try await client.delete("key"))
            #expect(ContinuousClock.now - start >= .milliseconds(20))
            #expect(client.statistics.retries == 2)
            #expect(client.statistics.commands == 1)
            #expect(server.connections == 1)
        }
    }

    @Test func noBackoffPassesTheDeadline() async throws {
        let server = try FaultServer.greeting { _ in
            (0..<9).flatMap { _ in FaultServer.Step.answer("key", "-LOADING x\r\n") }
        }
        let config = RedisConfig.local(server.port) {
            $0.minRetryBackoff = .seconds(5)
            $0.maxRetryBackoff = .seconds(5)
        }
        try await withClient(config) { client async throws in
            try await client.ready()
            let start = ContinuousClock.now
            let error = await redisError { () async throws(RedisError) in
                _ = try await client.get("key", timeout: .seconds(4))
            }
            #expect(error?.kind == .unavailable)
            #expect(ContinuousClock.now - start < .seconds(3))
            #expect(server.count("GET") == 1)
        }
    }

    @Test(arguments: [0, 1, 3])
    func thereAreNoMoreRetriesThanTheMaximum(maximum: Int) async throws {
        let server = try FaultServer.greeting { _ in
            (0..<9).flatMap { _ in FaultServer.Step.answer("key", "-BUSY x\r\n") }
        }
        try await withClient(.local(server.port) { $0.maxRetries = maximum }) { client async throws in
            let error = await redisError { () async throws(RedisError) in _ = try await client.get("key") }
            #expect(error?.serverCode == "BUSY")
            #expect(server.count("GET") == maximum + 1)
        }
    }

    @Test func aWriteThatAReplicaRefusedGoesToANewConnectionOnce() async throws {
        let server = try FaultServer.greeting { connection in
            connection < 2
                ? FaultServer.Step.answer("value", "-READONLY You can't write against a read only replica.\r\n") + [
                    .silence
                ]
                : FaultServer.Step.answer("value", "+OK\r\n") + [.silence]
        }
        let config = RedisConfig.local(server.port) {
            $0.poolSize = 2; $0.minIdleConns = 2
        }
        try await withClient(config) { client async throws in
            #expect(eventually { client.statistics.pool.open == 2 })
            #expect(try await client.set("key", "value"))
            #expect(server.count("SET\r\n") == 2)
            #expect(client.statistics.connectionsLost == 0)
        }
    }

    @Test func aConnectionThatIsLeftCountsUntilItsLastReplyHasCome() async throws {
        let server = try FaultServer.greeting { connection in
            connection == 0
                ? [
                    .receiveThrough("key\r\n"), .send(["-READONLY x\r\n"]), .pause(.milliseconds(300)),
                    .send(["$1\r\na\r\n"]),
                ]
                : FaultServer.Step.answer("value", "+OK\r\n") + [.silence]
        }
        try await withClient(.local(server.port)) { client async throws in
            try await client.ready()
            async let write = client.set("k", "value")
            #expect(eventually { client.statistics.pool.idle == 0 })
            async let read = client.get("key")
            #expect(eventually { client.statistics.retries == 1 })
            #expect(!eventually(within: .milliseconds(100)) { server.connections > 1 })
            #expect(try await read == "a")
            #expect(try await write)
            #expect(server.connections == 2)
        }
    }

    @Test func aServerThatStaysAReplicaIsNotDialedForEveryWrite() async throws {
        let server = try FaultServer.greeting { _ in
            (0..<100).flatMap { _ in FaultServer.Step.answer("value", "-READONLY x\r\n") }
        }
        let config = RedisConfig.local(server.port) {
            $0.minRetryBackoff = .seconds(60); $0.maxRetryBackoff = .seconds(60)
        }
        try await withClient(config) { client async throws in
            for _ in 0..<10 {
                let error = await redisError { () async throws(RedisError) in try await client.set("key", "value") }
                #expect(error?.kind == .readOnly)
                #expect(error?.isOutcomeUnknown == false)
            }
            #expect(server.connections == 2)
            #expect(server.count("SET\r\n") == 11)
        }
    }

    @Test func aConnectionThatEndsWithItsGreetingIsNotUsed() async throws {
        let server = try FaultServer.greeting { connection in
            connection < 3 ? [.close] : FaultServer.Step.answer("key", "$1\r\na\r\n") + [.silence]
        }
        try await withClient(.local(server.port)) { client async throws in
            #expect(eventually { server.connections == 4 && client.isConnected })
            #expect(try await client.get("key") == "a")
            #expect(client.statistics.dialFailures + client.statistics.connectionsLost == 3)
        }
    }

    @Test func aServerThatNeverGreetsIsGivenUpAfterTheDialTimeout() async throws {
        let server = try FaultServer { _ in [.silence] }
        try await withClient(.local(server.port) { $0.dialTimeout = .milliseconds(50) }) { client async throws in
            let error = await redisError { () async throws(RedisError) in
                _ = try await client.get("key", timeout: .milliseconds(60))
            }
            #expect(error?.kind == .timeout)
            #expect(error?.isOutcomeUnknown == false)
            #expect(eventually { client.statistics.dialFailures >= 2 })
            #expect(client.lastFailure == .timeout)
        }
    }

    @Test func anOperationWaitsForAConnectionNoLongerThanThePoolTimeout() async throws {
        let server = try FaultServer { _ in [.silence] }
        try await withClient(.local(server.port) { $0.poolTimeout = .milliseconds(50) }) { client async throws in
            let error = await redisError { () async throws(RedisError) in
                _ = try await client.get("key", timeout: .seconds(4))
            }
            #expect(error?.kind == .pool)
            #expect(client.statistics.pool.timeouts == 1)
            #expect(client.statistics.pool.waiting == 0)
        }
    }

    @Test func whoeverWaitsForAConnectionCanGiveUp() async throws {
        let server = try FaultServer { _ in [.silence] }
        try await withClient(.local(server.port)) { client async throws in
            let tasks = (0..<100).map { _ in Task { try await client.get("key") } }
            #expect(eventually { client.statistics.pool.waiting == 100 })
            for task in tasks[..<50] { task.cancel() }
            for task in tasks[..<50] {
                let error = await task.result.failure as? RedisError
                #expect(error?.kind == .cancelled && error?.isOutcomeUnknown == false)
            }
            #expect(client.statistics.pool.waiting == 50)
            await client.close()
            for task in tasks[50...] {
                let error = await task.result.failure as? RedisError
                #expect(error?.kind == .cancelled)
            }
        }
    }

    @Test func aServerWithoutHelloIsSpokenToInRESP2() async throws {
        let server = try FaultServer { _ in
            [
                .receiveThrough("INFO\r\n"),
                .send(["-ERR unknown command 'HELLO', with args beginning with: '3'\r\n-ERR unknown command\r\n"]),
            ]
                + [.receiveThrough("cistern\r\n"), .send(["-ERR unknown command 'CLIENT'\r\n"])]
                + FaultServer.Step.answer("key", "$-1\r\n") + [.silence]
        }
        try await withClient(.local(server.port)) { client async throws in
            #expect(try await client.get("key") == nil)
            #expect(server.connections == 1)
        }
    }

    @Test func aPasswordThatAnOldServerRefusesIsAMatterOfAuthentication() async throws {
        let server = try FaultServer { _ in
            [.receiveThrough("INFO\r\n"), .send(["-ERR unknown command `HELLO`\r\n-ERR unknown command\r\n"])]
                + [.receiveThrough("cistern\r\n"), .send(["-ERR invalid password\r\n-NOAUTH x\r\n"]), .silence]
        }
        try await withClient(.local(server.port) { $0.password = "wrong" }) { client async throws in
            let error = await redisError { () async throws(RedisError) in try await client.ping() }
            #expect(error?.kind == .authentication)
        }
    }
}

extension RedisClient {
    /// Waits until there is a connection.
    func ready() async throws {
        guard eventually({ isConnected }) else {
            throw TestFailure("no connection: \(String(describing: lastFailure))")
        }
    }
}
