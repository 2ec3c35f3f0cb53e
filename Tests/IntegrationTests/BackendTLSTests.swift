import CisternBytes
import TestSupport
import Testing

@Suite("Redis over TLS", .blocking) struct BackendTLSTests {
    @Test(arguments: Peer.good) func aPeerThatCanBeTrustedServes(peer: Peer) throws {
        let (redis, service) = try start(peer)
        let curl = try CurlClient(port: service.port)
        #expect(try curl.put("/keys/k", Bytes(0...255)).status == 201)
        #expect(try redis.cli("GET", "k") == .bytes(Bytes(0...255)))
        #expect(try curl.get("/keys/k").headers["Cache-Source"] == "redis")
    }

    @Test(arguments: Peer.bad) func aPeerThatCannotBeTrustedGetsNothing(peer: Peer) throws {
        let (redis, service) = try start(peer)
        let curl = try CurlClient(port: service.port)
        #expect(try curl.get("/keys/k").status == 503)
        // A write may be kept, but it is not said to be stored.
        #expect(try [202, 503].contains(curl.put("/keys/k", "v").status))
        #expect(try redis.cli("EXISTS", "k") == .integer(0))
        #expect(try JSONText(curl.get("/health").text)["status"]?.string != "pass")
        #expect(try curl.get("/health/live").status == 200)
    }

    @Test func aSkippedVerificationIsWarnedOfAndShown() throws {
        let (redis, service) = try start(
            Peer("unverified", authority: .wrong, environment: ["REDIS_TLS_SKIP_VERIFY": "true"]))
        let curl = try CurlClient(port: service.port)
        #expect(try curl.put("/keys/k", "v").status == 201)
        #expect(service.text.contains("skip_verify"))
        #expect(try curl.get("/health").text.contains("skip_verify"))
        withExtendedLifetime(redis) {}
    }

    @Test(arguments: [true, false]) func aKeyThatDoesNotMatchIsAFaultOfTheConfiguration(isMissing: Bool) throws {
        let fixtures = try TLSFixtures.shared
        let outcome = try CisternProcess.run(
            ["config", "check"],
            environment: [
                "REDIS_TLS_ENABLED": "true", "REDIS_TLS_CERT_FILE": fixtures.client.certificate,
                "REDIS_TLS_KEY_FILE": isMissing ? "/nowhere/client.key" : fixtures.server.key,
            ])
        #expect(outcome.code == 78)
        #expect(outcome.text.contains("tls_key_file"))
    }

    /// A server's certificate and what the service is told to trust and to show.
    struct Peer: CustomTestStringConvertible, Sendable {
        enum Authority { case right, wrong, none }
        enum Server { case right, wrongName, expired }
        enum Client { case right, stranger, none }

        let testDescription: String
        var authority = Authority.right
        var server = Server.right
        var client = Client.none
        var isMutual = false
        var environment: [String: String] = [:]

        init(
            _ name: String, authority: Authority = .right, server: Server = .right, client: Client = .none,
            isMutual: Bool = false, environment: [String: String] = [:]
        ) {
            testDescription = name
            self.authority = authority
            self.server = server
            self.client = client
            self.isMutual = isMutual
            self.environment = environment
        }

        static let good = [
            Peer("by address"), Peer("by name", environment: ["REDIS_HOST": "localhost"]),
            Peer("with a client certificate", client: .right, isMutual: true),
            Peer("with a certificate that nobody asks for", client: .right),
            Peer(
                "under another name", server: .wrongName, environment: ["REDIS_TLS_SERVER_NAME": "elsewhere.test"]),
        ]
        static let bad = [
            Peer("of a wrong CA", authority: .wrong), Peer("of a CA that nobody named", authority: .none),
            Peer("of a wrong name", server: .wrongName),
            Peer("of another name than asked for", environment: ["REDIS_TLS_SERVER_NAME": "elsewhere.test"]),
            Peer("that has expired", server: .expired), Peer("that wants a certificate", isMutual: true),
            Peer("that wants another certificate", client: .stranger, isMutual: true),
        ]
    }

    private func start(_ peer: Peer) throws -> (RedisServerProcess, CisternProcess) {
        let fixtures = try TLSFixtures.shared
        let server =
            switch peer.server {
            case .right: fixtures.server
            case .wrongName: fixtures.wrongName
            case .expired: fixtures.expired
            }
        var options = RedisServerProcess.Options()
        options.tls = .init(
            certificate: server.certificate, key: server.key, authority: fixtures.authority,
            requiresClientCertificate: peer.isMutual)
        let redis = try RedisServerProcess(options)
        var environment = Stack.reaching(redis)
        environment["REDIS_PORT"] = "\(redis.tlsPort)"
        environment["REDIS_TLS_ENABLED"] = "true"
        switch peer.authority {
        case .right: environment["REDIS_TLS_CA_FILE"] = fixtures.authority
        case .wrong: environment["REDIS_TLS_CA_FILE"] = fixtures.wrongAuthority
        case .none: break
        }
        let client: TLSFixtures.Identity? =
            switch peer.client {
            case .right: fixtures.client
            case .stranger: fixtures.stranger
            case .none: nil
            }
        environment["REDIS_TLS_CERT_FILE"] = client?.certificate
        environment["REDIS_TLS_KEY_FILE"] = client?.key
        return (redis, try CisternProcess(environment: environment.merging(peer.environment) { $1 }))
    }
}
