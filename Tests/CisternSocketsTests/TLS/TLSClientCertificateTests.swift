import CisternSockets
import Testing

@Suite struct TLSClientCertificateTests {
    @Test(arguments: TLSVersion.allCases)
    func aClientOfTheRightAuthorityIsAccepted(version: TLSVersion) throws {
        var pair = try TLSPair(
            client: TestContexts.client(certificate: "client", version: version),
            server: TestContexts.server(clientCA: "ca.pem"))
        #expect(pair.shake() == (.done, .done))
        #expect(pair.serverSays("hello") == .bytes(5))
    }

    @Test(arguments: TLSVersion.allCases)
    func aClientWithoutCertificateIsRefusedAndTold(version: TLSVersion) throws {
        var pair = try TLSPair(
            client: TestContexts.client(version: version), server: TestContexts.server(clientCA: "ca.pem"))
        let ends = pair.shake()
        #expect(ends.server.error?.code == .missingCertificate)
        // In TLS 1.3 the client is done before the server has looked, and hears of it when it reads.
        #expect((ends.client == .done) == (version == .tls13))
        let told = ends.client.error ?? pair.client.read().result.error
        #expect(told?.code == .rejectedByPeer)
        #expect(told?.hint.contains("client certificate") == true)
    }

    @Test(arguments: TLSVersion.allCases)
    func aClientOfAnotherAuthorityIsRefusedAndTold(version: TLSVersion) throws {
        var pair = try TLSPair(
            client: TestContexts.client(certificate: "stranger", version: version),
            server: TestContexts.server(clientCA: "ca.pem"))
        let ends = pair.shake()
        #expect(ends.server.error?.code == .untrustedCertificate)
        #expect(ends.server.error?.message.contains("client's certificate") == true)
        let told = ends.client.error ?? pair.client.read().result.error
        #expect(told?.code == .rejectedByPeer)
        #expect(told?.message.contains("unknown CA") == true)
    }

    @Test func aWriteThatFindsTheConnectionClosedTellsTheAlertThatClosedIt() throws {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server(clientCA: "ca.pem"))
        _ = pair.shake()
        pair.sockets.closeServer()
        let told = pair.client.write("PING").error
        #expect(told?.code == .rejectedByPeer)
        #expect(pair.client.read().result.error == told)
    }

    @Test func aClientThatNeedNotShowACertificateMayHaveOne() throws {
        var pair = try TLSPair(client: TestContexts.client(certificate: "client"), server: TestContexts.server())
        #expect(pair.shake() == (.done, .done))
    }
}
