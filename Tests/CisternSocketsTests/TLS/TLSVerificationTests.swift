import CisternSockets
import Testing

@Suite struct TLSVerificationTests {
    @Test(arguments: [
        "cache.test", "CACHE.test", "cache.test.", "a.wild.test", "127.0.0.1", "::1", "::1%lo", "127.1",
    ])
    func aNameOrAddressOfTheCertificateIsAccepted(name: String) throws {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server(), name: name)
        #expect(pair.shake() == (.done, .done))
    }

    @Test(arguments: [
        "other.test", "wild.test", "a.b.wild.test", "foo.partial.test", "127.0.0.2", "::2", "10.0.0.1",
        // Only the subject, which says nothing where there are names.
        "server.invalid",
    ])
    func anotherNameOrAddressIsRefused(name: String) throws {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server(), name: name)
        let error = try #require(pair.shake().client.error)
        #expect(error.code == .nameMismatch)
        #expect(error.message.contains(name))
    }

    @Test func anotherAuthorityIsRefusedAndTheServerIsTold() throws {
        var pair = try TLSPair(client: TestContexts.client(ca: "other-ca.pem"), server: TestContexts.server())
        let ends = pair.shake()
        #expect(ends.client.error?.code == .untrustedCertificate)
        #expect(ends.client.error?.hint.contains("CA file") == true)
        #expect(ends.server.error?.code == .rejectedByPeer)
        #expect(ends.server.error?.message.contains("unknown CA") == true)
    }

    @Test func theSystemsAuthoritiesDoNotVouchForOurs() throws {
        var pair = try TLSPair(client: TLSContext.client(.init()), server: TestContexts.server())
        #expect(pair.shake().client.error?.code == .untrustedCertificate)
    }

    @Test func anExpiredCertificateIsRefused() throws {
        var pair = try TLSPair(
            client: TestContexts.client(), server: TestContexts.server(certificate: "expired.pem"))
        let error = try #require(pair.shake().client.error)
        #expect(error.code == .expiredCertificate)
        #expect(error.message.contains("expired"))
    }

    @Test func theChainInTheCertificateFileIsSent() throws {
        let client = try TestContexts.client()
        var whole = try TLSPair(
            client: client, server: TestContexts.server(certificate: "chain.pem", key: "chained.key"))
        #expect(whole.shake() == (.done, .done))
        var leafAlone = try TLSPair(
            client: client, server: TestContexts.server(certificate: "chained.pem", key: "chained.key"))
        #expect(leafAlone.shake().client.error?.code == .untrustedCertificate)
    }

    @Test(arguments: ["intermediate.pem", "chained.pem"])
    func aTrustedCertificateNeedNotBeARoot(ca: String) throws {
        var pair = try TLSPair(
            client: TestContexts.client(ca: ca),
            server: TestContexts.server(certificate: "chain.pem", key: "chained.key"))
        #expect(pair.shake() == (.done, .done))
    }

    @Test(arguments: ["cache.test", "other.test", "10.0.0.1", nil])
    func withoutVerificationAnyCertificateAndNameWillDo(name: String?) throws {
        var pair = try TLSPair(
            client: TestContexts.client(ca: "other-ca.pem", verify: false),
            server: TestContexts.server(certificate: "expired.pem"), name: name)
        #expect(pair.shake() == (.done, .done))
    }

    @Test(arguments: [
        nil, "", ".", "a b", "good.test\u{0}evil.test", "bücher.test", String(repeating: "a", count: 256),
    ])
    func aNameThatCannotBeVerifiedBeginsNoSession(name: String?) throws {
        let error = #expect(throws: TLSError.self) {
            _ = try TLSPair(client: TestContexts.client(), server: TestContexts.server(), name: name)
        }
        #expect(error?.code == .invalidServerName)
        #expect(error?.message.contains("\u{0}") == false)
    }

    @Test(arguments: [true, false])
    func theServerSeesTheNameThatTheClientWants(verify: Bool) throws {
        var pair = try TLSPair(
            client: TestContexts.client(verify: verify), server: TestContexts.server(), name: "Cache.Test.")
        #expect(pair.shake() == (.done, .done))
        #expect(pair.server.requestedServerName == "cache.test")
    }

    @Test(arguments: ["127.0.0.1", "::1", "::1%lo", "127.1"], [true, false])
    func anAddressIsNeverSentAsAName(address: String, verify: Bool) throws {
        var pair = try TLSPair(
            client: TestContexts.client(verify: verify), server: TestContexts.server(), name: address)
        #expect(pair.shake() == (.done, .done))
        #expect(pair.server.requestedServerName == nil)
    }
}
