import CisternSockets
import Testing

/// Peers that speak something else.
@Suite struct TLSPeerTests {
    private func clientMeets(_ answer: [UInt8]) throws -> TLSError? {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server())
        #expect(pair.client.handshake() == .wantsRead)
        pair.sockets.serverSends(answer)
        return pair.client.handshake().error
    }

    private func serverMeets(_ request: [UInt8]) throws -> TLSError? {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server())
        pair.sockets.clientSends(request)
        return pair.server.handshake().error
    }

    @Test(arguments: ["-ERR unknown command\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "+PONG\r\n"])
    func aPlainServerIsNamedAsSuch(answer: String) throws {
        let error = try #require(try clientMeets(Array(answer.utf8)))
        #expect(error.code == .notTLS)
        #expect(error.hint.contains("plain"))
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\n\r\n", "*1\r\n$4\r\nPING\r\n"])
    func aPlainClientIsNamedAsSuch(request: String) throws {
        let error = try #require(try serverMeets(Array(request.utf8)))
        #expect(error.code == .notTLS)
        #expect(error.hint.contains("https"))
    }

    /// A ServerHello of TLS 1.1, and the alerts protocol_version and insufficient_security.
    @Test(arguments: [
        [0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2] + [UInt8](repeating: 9, count: 32) + [0, 0xC0, 0x13, 0],
        [0x15, 3, 1, 0, 2, 2, 70], [0x15, 3, 3, 0, 2, 2, 71],
    ])
    func anOldServerHasNoVersionInCommon(answer: [UInt8]) throws {
        let error = try #require(try clientMeets(answer))
        #expect(error.code == .incompatible)
        #expect(error.hint.contains("1.2"))
    }

    /// A ClientHello of TLS 1.1, without extensions.
    @Test func anOldClientHasNoVersionInCommon() throws {
        let hello = [3, 2] + [UInt8](repeating: 9, count: 32) + [0, 0, 2, 0xC0, 0x13, 1, 0]
        let error = try serverMeets([0x16, 3, 1, 0, UInt8(hello.count + 4), 1, 0, 0, UInt8(hello.count)] + hello)
        #expect(error?.code == .incompatible)
    }

    @Test func aPeerThatClosesDuringTheHandshakeIsNotMistakenForAnEnd() throws {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server())
        #expect(pair.client.handshake() == .wantsRead)
        pair.sockets.serverDiscards()
        pair.sockets.closeServer()
        #expect(pair.client.handshake().error?.code == .closedInHandshake)
        #expect(pair.client.handshake().error?.code == .closedInHandshake)
        #expect(pair.client.read().result.error?.code == .closedInHandshake)
    }

    @Test func aConnectionThatIsGoneBeforeTheHandshakeIsAFailureOfTheConnection() throws {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server())
        pair.sockets.closeServer()
        #expect(pair.client.handshake().error?.code == .connection)
    }

    /// OpenSSL keeps errors per thread, and a loop has many sessions on one.
    @Test func theFailureOfOneSessionIsNotTakenForAnothers() throws {
        let client = try TestContexts.client()
        let server = try TestContexts.server()
        var shaking = try TLSPair(client: client, server: server)
        var open = try TLSPair(client: client, server: server)
        #expect(open.shake() == (.done, .done))
        _ = open.client.read()
        open.sockets.shrinkBuffers()
        while case .bytes = open.client.write([UInt8](repeating: 0, count: 16384)) {}

        var first = try TLSPair(client: client, server: server)
        var second = try TLSPair(client: client, server: server)
        var third = try TLSPair(client: client, server: server)

        fail(&first)
        #expect(shaking.client.handshake() == .wantsRead)
        fail(&second)
        #expect(open.client.read().result == .wantsRead)
        fail(&third)
        #expect(open.client.write([UInt8](repeating: 0, count: 16384)) == .wantsWrite)
    }

    private func fail(_ pair: inout TLSPair) {
        pair.sockets.closeServer()
        #expect(pair.client.handshake().error?.code == .connection)
    }
}
