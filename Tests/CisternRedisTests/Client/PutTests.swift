import CisternBytes
import Cistern
import CisternSockets
import TestSupport
import Testing

@testable import CisternRedis

/// What HTTP's PUT needs: one atomic step that tells new from replaced.
@Suite(.blocking, .timeLimit(.minutes(20)))
struct PutTests {
    enum Way: Sendable, CaseIterable {
        /// `SET … GET`.
        case option
        /// A script: the server does not say its version.
        case script
    }

    private func withServer(
        _ way: Way, poolSize: Int = 1, _ body: (RedisServerProcess, RedisClient) async throws -> Void
    ) async throws {
        let server = try way == .option ? RedisServerProcess() : .withoutHello()
        try await withClient(
            server.config {
                $0.poolSize = poolSize; $0.minIdleConns = poolSize
            }
        ) { client async throws in
            try await client.ping()
            try await body(server, client)
        }
    }

    private var soon: MonotonicTime { .now + .seconds(10) }

    @Test(arguments: Way.allCases)
    func aNewKeyIsToldFromAReplacedOne(way: Way) async throws {
        try await withServer(way) { server, client async throws in
            #expect(try await client.isNew("key", "1", expiry: .never, until: soon))
            #expect(try await client.isNew("key", "2", expiry: .never, until: soon) == false)
            #expect(try await client.isNew("key", "", expiry: .never, until: soon) == false)
            #expect(try await client.isNew("key", "4", expiry: .never, until: soon) == false)
            #expect(try server.cli("GET", "key").bytes == "4")
            let calls = try server.info(way == .option ? "cmdstat_set" : "cmdstat_eval")
            #expect(calls != nil)
            #expect(try server.info("cmdstat_hello") == nil || way == .option)
        }
    }

    @Test(arguments: Way.allCases)
    func ofManyAtOnceExactlyOneMadeTheKey(way: Way) async throws {
        try await withServer(way, poolSize: 4) { _, client async throws in
            let new = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        try await client.isNew("key", Bytes("\(number)"), expiry: .never, until: .now + .seconds(10))
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(new == 1)
        }
    }

    @Test(arguments: Way.allCases)
    func aKeyOfAnotherTypeIsLeftAlone(way: Way) async throws {
        try await withServer(way) { server, client async throws in
            try server.cli("RPUSH", "list", "a")
            let error = await redisError { () async throws(RedisError) in
                _ = try await client.isNew("list", "x", expiry: .after(.seconds(5)), until: soon)
            }
            #expect(error?.serverCode == "WRONGTYPE")
            #expect(error?.kind == .command)
            #expect(try server.cli("LRANGE", "list", "0", "-1") == .array([.bytes("a")]))
            #expect(try server.cli("PTTL", "list").integer == -1)
        }
    }

    @Test(arguments: Way.allCases)
    func aKeyExpiresAsItIsTold(way: Way) async throws {
        try await withServer(way) { server, client async throws in
            func milliseconds() throws -> Int { try server.cli("PTTL", "key").integer ?? -3 }

            _ = try await client.isNew("key", "1", expiry: .after(.seconds(100)), until: soon)
            #expect((90_000...100_000).contains(try milliseconds()))
            _ = try await client.isNew("key", "2", expiry: .keep(newKey: nil), until: soon)
            #expect((90_000...100_000).contains(try milliseconds()))
            _ = try await client.isNew("key", "3", expiry: .keep(newKey: .seconds(5)), until: soon)
            #expect((90_000...100_000).contains(try milliseconds()))
            _ = try await client.isNew("key", "4", expiry: .never, until: soon)
            #expect(try milliseconds() == -1)
            _ = try await client.isNew("key", "5", expiry: .keep(newKey: .seconds(5)), until: soon)
            #expect(try milliseconds() == -1)
            #expect(try server.cli("GET", "key").bytes == "5")

            try server.cli("DEL", "key")
            _ = try await client.isNew("key", "6", expiry: .keep(newKey: nil), until: soon)
            #expect(try milliseconds() == -1)
            try server.cli("DEL", "key")
            #expect(try await client.isNew("key", "7", expiry: .keep(newKey: .seconds(5)), until: soon))
            #expect((1...5000).contains(try milliseconds()))
            _ = try await client.isNew("key", "8", expiry: .after(.seconds(Int64.max)), until: soon)
            #expect(try milliseconds() > 31_535_999_000_000)
        }
    }

    @Test func aScriptThatTheServerForgotIsSentAgain() async throws {
        try await withServer(.script) { server, client async throws in
            #expect(try await client.isNew("a", "1", expiry: .never, until: soon))
            #expect(try server.cli("SCRIPT", "FLUSH") == .status("OK"))
            #expect(try await client.isNew("b", "1", expiry: .never, until: soon))
            #expect(client.statistics.retries == 0)
        }
    }

    @Test func aValueIsReadWithItsTimeToLive() async throws {
        try await withServer(.option) { server, client async throws in
            #expect(try await client.read("key", OperationLimit(soon)) == nil)
            try server.cli("SET", "key", "value")
            #expect(try await client.read("key", OperationLimit(soon)) == StoredValue(value: "value", ttl: .persistent))
            try server.cli("PEXPIRE", "key", "50000")
            guard case .remaining(let left) = try await client.read("key", OperationLimit(soon))?.ttl else {
                Issue.record("no time to live")
                return
            }
            #expect(left > .seconds(40) && left <= .seconds(50))
            #expect(try await client.delete("key", OperationLimit(soon)))
            #expect(try await client.delete("key", OperationLimit(soon)) == false)
        }
    }
}

extension RedisClient {
    fileprivate func isNew(
        _ key: Bytes, _ value: Bytes, expiry: KeyExpiry, until deadline: MonotonicTime
    ) async throws(RedisError) -> Bool {
        try await put(key, value, expiry: expiry, OperationLimit(deadline)).isNew
    }
}
