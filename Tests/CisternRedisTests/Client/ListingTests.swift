import CisternBytes
import CisternRedis
import CisternSockets
import TestSupport
import Testing

/// Listings against real servers.
@Suite(.blocking, .timeLimit(.minutes(20)))
struct ListingTests {
    private func all(
        _ client: RedisClient, _ prefix: Bytes, count: Int = 100
    ) async throws -> [Bytes: KeyTTL] {
        var found: [Bytes: KeyTTL] = [:]
        var cursor: UInt64 = 0
        repeat {
            let page = try await client.list(prefix, cursor: cursor, count: count, OperationLimit(.now + .seconds(60)))
            for entry in page.keys { found[entry.key] = entry.ttl }
            cursor = page.next
        } while cursor != 0
        return found
    }

    /// What means something in a pattern stands for itself in a prefix.
    @Test func aPrefixIsTakenByItsBytes() async throws {
        let server = try RedisServerProcess()
        let names: [Bytes] = [
            "a*b", "a*c", "axb", "a?b", "a[b]c", "abc", "a\\b", "a\\*b", "a^b", "a-b", "A*b", "", [0xFF, 0x00, 0x2A],
            [0xFF, 0x01], "a\r\nb", "[a]", "?",
        ]
        try await withClient(server.config()) { client async throws in
            for name in names { try await client.set(name, "v") }
            let prefixes = Set(names + names.map { Bytes($0.prefix(2)) } + ["a[", "a[b", "a\\", "*", "[", "nothing"])
            for prefix in prefixes {
                let found = try await all(client, prefix)
                #expect(Set(found.keys) == Set(names.filter { $0.starts(with: prefix) }), "\(Array(prefix))")
            }
        }
    }

    /// A server before 6.0 cannot be asked for strings alone.
    @Test(arguments: [true, false]) func onlyStringsAreListedWithHowLongTheyLive(isOld: Bool) async throws {
        let server = isOld ? try RedisServerProcess.withoutHello() : try RedisServerProcess()
        for number in 0..<200 {
            try server.cli("SET", Bytes("s\(number)"), "v")
            try server.cli("SET", Bytes("t\(number)"), "v", "PX", "1000000")
        }
        for command in [
            ["RPUSH", "list", "a"], ["HSET", "hash", "a", "b"], ["SADD", "set", "a"], ["ZADD", "z", "1", "a"],
        ] {
            _ = try server.cli(command.map { Bytes($0) })
        }
        try server.cli("SET", "short", "v", "PX", "1")
        // Its millisecond has to be over; to ask the server for it would delete it.
        try await Task.sleep(for: .milliseconds(3))
        try await withClient(server.config()) { client async throws in
            let found = try await all(client, "", count: 30)
            #expect(found.count == 400)
            for number in 0..<200 {
                #expect(found[Bytes("s\(number)")] == .persistent)
                guard case .remaining(let left) = found[Bytes("t\(number)")] else {
                    Issue.record("no time to live")
                    continue
                }
                #expect(left > .seconds(800) && left <= .seconds(1000))
            }
        }
    }

    @Test func aListingThatIsRefusedIsAnError() async throws {
        var options = RedisServerProcess.Options()
        options.lines = ["rename-command SCAN \"\""]
        let server = try RedisServerProcess(options)
        try await withClient(server.config()) { client async throws in
            let error = await redisError { () async throws(RedisError) in
                _ = try await client.list("", cursor: 0, count: 10, OperationLimit(.now + .seconds(60)))
            }
            #expect(error?.kind == .command)
            try await client.set("k", "v")
            #expect(try await client.get("k") == "v")
        }
    }
}
