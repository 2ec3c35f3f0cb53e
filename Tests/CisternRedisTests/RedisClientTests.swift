import Cistern
import CisternBytes
import CisternRESP
import CisternRedis
import TestSupport
import Testing

/// The client against a real server.
@Suite(.blocking)
struct RedisClientTests {
    private let server: RedisServerProcess
    private let config: RedisConfig

    init() throws {
        server = try RedisServerProcess()
        var config = RedisConfig()
        config.host = "127.0.0.1"
        config.port = Int(server.port)
        self.config = config
    }

    @Test func whatIsSetIsGot() async throws {
        let client = try await config.makeClient()
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
}
