import CisternSockets
import Testing

@Suite struct TLSResumptionTests {
    /// Connects, receives a message, and ends without ceremony, as in an outage.
    private func connect(
        _ client: TLSContext, _ server: TLSContext, name: String = "cache.test", key: String = "cache.test:6379"
    ) throws -> Bool {
        var pair = try TLSPair(client: client, server: server, name: name, key: key)
        #expect(pair.shake() == (.done, .done))
        #expect(pair.serverSays("hello") == .bytes(5))
        #expect(pair.client.wasResumed == pair.server.wasResumed)
        return pair.client.wasResumed
    }

    @Test(arguments: TLSVersion.allCases, [nil, "ca.pem"])
    func laterConnectionsResumeTheFirst(version: TLSVersion, clientCA: String?) throws {
        let client = try TestContexts.client(certificate: clientCA == nil ? nil : "client", version: version)
        let server = try TestContexts.server(clientCA: clientCA)
        #expect(try !connect(client, server))
        #expect(try connect(client, server))
        #expect(try connect(client, server))
    }

    @Test(arguments: TLSVersion.allCases)
    func severalConnectionsResumeAtTheSameTime(version: TLSVersion) throws {
        let client = try TestContexts.client(version: version)
        let server = try TestContexts.server()
        #expect(try !connect(client, server))
        var first = try TLSPair(client: client, server: server)
        var second = try TLSPair(client: client, server: server)
        #expect(first.shake() == (.done, .done))
        #expect(second.shake() == (.done, .done))
        #expect(first.client.wasResumed == true)
        #expect(second.client.wasResumed == true)
    }

    @Test(arguments: TLSVersion.allCases)
    func loopsOnManyThreadsShareOneContext(version: TLSVersion) async throws {
        let client = try TestContexts.client(version: version)
        let server = try TestContexts.server()
        #expect(try !connect(client, server))
        let resumed = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { try (0..<25).filter { _ in try connect(client, server) }.count }
            }
            return try await group.reduce(0, +)
        }
        #expect(resumed == 200)
    }

    @Test func anotherServerOrNameOrContextResumesNothing() throws {
        let client = try TestContexts.client()
        let server = try TestContexts.server()
        #expect(try !connect(client, server))
        #expect(try !connect(client, server, key: "cache.test:6380"))
        #expect(try !connect(client, server, name: "a.wild.test"))
        #expect(try !connect(TestContexts.client(), server))
    }

    @Test func whatWasTrustedForOneNameIsNotTrustedForAnother() throws {
        let client = try TestContexts.client()
        let server = try TestContexts.server()
        #expect(try !connect(client, server))
        var pair = try TLSPair(client: client, server: server, name: "other.test")
        #expect(pair.shake().client.error?.code == .nameMismatch)
    }

    @Test func aServerThatHasForgottenShakesHandsInFull() throws {
        let client = try TestContexts.client()
        #expect(try !connect(client, TestContexts.server()))
        #expect(try !connect(client, TestContexts.server()))
    }

    @Test func aFailedHandshakeForgetsTheSession() throws {
        let client = try TestContexts.client()
        let server = try TestContexts.server()
        #expect(try !connect(client, server))
        var pair = try TLSPair(client: client, server: server)
        pair.sockets.closeServer()
        #expect(pair.client.handshake().error != nil)
        #expect(try !connect(client, server))
        #expect(try connect(client, server))
    }
}
