import Cistern
import TestSupport
import Testing

/// The commands against a real server.
@Suite(.blocking, .timeLimit(.minutes(20)))
struct CommandTests {
    private let server: RedisServerProcess

    init() throws { server = try RedisServerProcess() }

    @Test func whatIsSetIsGot() async throws {
        let client = try await server.config().makeClient()
        #expect(try await client.get("key") == nil)
        #expect(try await client.set("key", "value"))
        #expect(try await client.get("key") == "value")
        #expect(try await client.ttl(of: "key") == .persistent)
        #expect(try await client.exists("key"))
        #expect(try await client.delete("key"))
        #expect(try await client.delete("key") == false)
        #expect(try await client.ttl(of: "key") == .missing)
        await client.close()
    }

    @Test(arguments: [
        Bytes(), Bytes(Array(UInt8.min...UInt8.max)), "\r\n", "$5\r\n", Bytes([UInt8](repeating: 0x0D, count: 1 << 20)),
    ])
    func anyBytesAreAValue(value: Bytes) async throws {
        try await withClient(server.config()) { client async throws in
            try await client.set("key", value)
            #expect(try await client.get("key") == value)
            #expect(try server.cli("GET", "key").bytes == value)
        }
    }

    @Test(arguments: ["a\r\nGET b\r\n", Bytes([0]), Bytes(Array(UInt8.min...UInt8.max)), Bytes()])
    func anyBytesAreAKey(key: Bytes) async throws {
        try await withClient(server.config()) { client async throws in
            try await client.set(key, "value")
            #expect(try await client.get(key) == "value")
            #expect(try server.cli("GET", key).bytes == "value")
            #expect(try server.cli("DBSIZE").integer == 1)
        }
    }

    @Test func aTimeToLiveIsSetKeptAndTakenAway() async throws {
        try await withClient(server.config()) { client async throws in
            try await client.set("key", "1", ttl: .seconds(100))
            guard case .remaining(let left) = try await client.ttl(of: "key") else {
                Issue.record("no time to live")
                return
            }
            #expect(left > .seconds(90) && left <= .seconds(100))
            try await client.set("key", "2", keepTTL: true)
            #expect(try await client.ttl(of: "key") != .persistent)
            try await client.set("key", "3")
            #expect(try await client.ttl(of: "key") == .persistent)
            try await client.set("key", "4", ttl: .nanoseconds(1))
            #expect(try server.cli("PTTL", "key").integer ?? 0 <= 1)
        }
    }

    @Test func aKeyThatIsThereIsNotSetAgainWhereThatIsAsked() async throws {
        try await withClient(server.config()) { client async throws in
            #expect(try await client.set("key", "1", nx: true))
            #expect(try await client.set("key", "2", nx: true) == false)
            #expect(try await client.get("key") == "1")
        }
    }

    @Test func aKeyOfAnotherTypeIsACommandError() async throws {
        try server.cli("RPUSH", "list", "a")
        try await withClient(server.config()) { client async throws in
            let error = await redisError { () async throws(RedisError) in _ = try await client.get("list") }
            #expect(error?.kind == .command)
            #expect(error?.serverCode == "WRONGTYPE")
            #expect(error?.isRetryable == false)
            #expect(try await client.get("other") == nil)
        }
    }

    @Test func scanFindsEveryKey() async throws {
        try await withClient(server.config()) { client async throws in
            let names = (0..<1000).map { Bytes("key:\($0)") }
            _ = try await client.send(names.map { ["SET", $0, "v"] })
            try await client.set("other", "v")
            var found: Set<Bytes> = []
            var cursor: UInt64 = 0
            repeat {
                let page = try await client.scan(cursor: cursor, matching: "key:*", count: 50)
                found.formUnion(page.keys)
                cursor = page.cursor
            } while cursor != 0
            #expect(found == Set(names))
        }
    }

    @Test func commandsOfOneSendAreAnsweredInOrderAndAnErrorIsAReply() async throws {
        try await withClient(server.config()) { client async throws in
            let replies = try await client.send([
                ["SET", "a", "1"], ["INCR", "a"], ["LPUSH", "a", "x"], ["GET", "a"],
            ])
            #expect(replies.count == 4)
            #expect(replies[0] == .simpleString("OK"))
            #expect(replies[1] == .integer(2))
            guard case .error(let error) = replies[2] else {
                Issue.record("no error: \(replies[2])")
                return
            }
            #expect(error.code == "WRONGTYPE")
            #expect(replies[3] == .bulkString("2"))
            #expect(try await client.send([]) == [])
            let nameless = await redisError { () async throws(RedisError) in _ = try await client.send([[]]) }
            #expect(nameless?.kind == .command)
        }
    }

    @Test func pingSaysHowLongItTook() async throws {
        try await withClient(server.config()) { client async throws in
            let time = try await client.ping()
            #expect(time > .zero && time < .seconds(10))
        }
    }
}
