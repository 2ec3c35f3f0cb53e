import Cistern
import CisternBytes
import CisternLocks
import TestSupport
import Testing

@testable import CisternRedis

/// What becomes of writes whose callers went on without an answer.
@Suite(.blockingAlone, .timeLimit(.minutes(20)))
struct UnansweredWriteTests {
    private let ends = Ends()

    private final class Ends: Sendable {
        private let list = Locked<[UnansweredCommand.End]>([])
        var all: [UnansweredCommand.End] { list.withLock { $0 } }
        func watch(_ command: UnansweredCommand) { command.onEnd { end in self.list.withLock { $0.append(end) } } }
    }

    /// Writes while the server is stopped, and gives up.
    private func writeInVain(_ client: RedisClient) async -> RedisError? {
        let error = await redisError { () async throws(RedisError) in
            try await client.set("key", "late", timeout: .milliseconds(50))
        }
        for command in error?.unanswered ?? [] { ends.watch(command) }
        return error
    }

    @Test func aLateAnswerIsToldOf() async throws {
        let server = try RedisServerProcess()
        try await withClient(server.config()) { client async throws in
            try await client.ping()
            server.pause()
            let error = await writeInVain(client)
            #expect(error?.isOutcomeUnknown == true && error?.unanswered.count == 1)
            #expect(ends.all.isEmpty)
            server.resume()
            #expect(eventually { ends.all.count == 1 })
            guard case .answered(.simpleString) = ends.all[0] else { return #expect(Bool(false), "\(ends.all)") }
            #expect(client.statistics.connectionsLost == 0)
        }
    }

    @Test func aReadLeavesNothingBehind() async throws {
        let server = try RedisServerProcess()
        try await withClient(server.config()) { client async throws in
            try await client.ping()
            server.pause()
            let error = await redisError { () async throws(RedisError) in
                _ = try await client.get("key", timeout: .milliseconds(50))
            }
            #expect(error?.unanswered.isEmpty == true)
            server.resume()
        }
    }

    /// Loses a connection that owes an answer to a write, and has another one made.
    private func lose(on server: RedisServerProcess, _ config: RedisConfig) async throws {
        try await withClient(config) { client async throws in
            try await client.ping()
            server.pause()
            let error = await writeInVain(client)
            #expect(error?.unanswered.count == 1)
            #expect(eventually { client.statistics.connectionsLost == 1 })
            #expect(ends.all.isEmpty)
            server.resume()
            #expect(eventually { !ends.all.isEmpty })
            #expect(ends.all == [.dead])
            try await client.ping()
        }
    }

    @Test func theServerIsToldToEndALostConnectionBeforeItsWritesAreDead() async throws {
        let server = try RedisServerProcess()
        try await lose(
            on: server,
            server.config {
                $0.readTimeout = .milliseconds(200); $0.dialTimeout = .seconds(20)
            })
        #expect(try server.info("cmdstat_client|kill")?.hasPrefix("calls=1,") == true)
    }

    @Test func aUserWhoMayNotEndConnectionsWaitsForTheServerToHaveReadThem() async throws {
        let server = try RedisServerProcess()
        try server.cli("ACL", "SETUSER", "modest", "on", ">secret", "~*", "+@all", "-client|kill")
        try await lose(
            on: server,
            server.config {
                $0.username = "modest"; $0.password = "secret"
                $0.readTimeout = .milliseconds(200); $0.dialTimeout = .seconds(20)
            })
        #expect(try server.info("cmdstat_client|kill")?.contains("rejected_calls=1") == true)
    }

    @Test(arguments: [false, true])
    func aConnectionKnowsHowTheServerKnowsIt(isVerbatim: Bool) throws {
        var info = RedisServerInfo()
        let line: Bytes = "id=7 addr=127.0.0.1:4711 laddr=127.0.0.1:6379 name=cistern"
        let verbatim = try #require(RESPVerbatimString(wire: Bytes("txt:").appending(line)))
        info.read(clientInfo: isVerbatim ? .verbatimString(verbatim) : .bulkString(line))
        #expect(info.clientAddress == "127.0.0.1:4711")
    }

    @Test func anEndThatCameFirstIsToldToWhoAsksLater() {
        let command = UnansweredCommand()
        command.end(.dead)
        command.end(.answered(.null))
        ends.watch(command)
        #expect(ends.all == [.dead])
    }
}
