import Cistern
import CisternSockets
import TestSupport
import Testing

@testable import CisternRedis

/// Ways to a server, and who is let in.
@Suite(.blocking, .timeLimit(.minutes(20)))
struct SetUpTests {
    /// The error of a client's first operation; nil when it succeeds.
    private func firstError(_ config: RedisConfig) async throws -> RedisError? {
        try await withClient(config) { client async throws in
            await redisError { () async throws(RedisError) in try await client.ping() }
        }
    }

    @Test func aPasswordLetsIn() async throws {
        let server = try RedisServerProcess(.password("pass:/@word"))
        #expect(try await firstError(server.config { $0.password = "pass:/@word" }) == nil)
        #expect(try await firstError(server.config())?.kind == .authentication)
        let wrong = try await firstError(server.config { $0.password = "wrong" })
        #expect(wrong?.kind == .authentication && wrong?.serverCode == "WRONGPASS")
        #expect(!"\(String(describing: wrong))".contains("wrong"))
    }

    @Test func aUserComesInWithItsRights() async throws {
        var options = RedisServerProcess.Options()
        options.users = ["alice on >secret ~alice:* -@all +get +set +ping", "default off"]
        let server = try RedisServerProcess(options)
        let config = server.config {
            $0.username = "alice"; $0.password = "secret"
        }
        try await withClient(config) { client async throws in
            try await client.set("alice:1", "value")
            #expect(try await client.get("alice:1") == "value")
            let error = await redisError { () async throws(RedisError) in _ = try await client.get("bob:1") }
            #expect(error?.kind == .authentication && error?.serverCode == "NOPERM")
        }
    }

    @Test func refusedCredentialsAreTriedOnceByAllLoopsTogether() async throws {
        let server = try RedisServerProcess(.password("secret"))
        let group = try EventLoopGroup(count: 4)
        let config = server.config {
            $0.password = "wrong"; $0.poolSize = 8; $0.minIdleConns = 8
        }
        let client = try RedisClient(config, guardedBy: nil, group: group, logger: nil)
        await client.start()
        for _ in 0..<50 {
            let error = await redisError { () async throws(RedisError) in
                _ = try await client.get("key", timeout: .milliseconds(20))
            }
            #expect(error?.kind == .authentication)
        }
        #expect(try server.info("cmdstat_hello")?.hasSuffix("failed_calls=1") == true)
        await client.close()
        await group.stop()
    }

    @Test func credentialsThatChangedAreTriedOnceByAllLoopsTogether() async throws {
        let server = try RedisServerProcess(.password("secret"))
        let group = try EventLoopGroup(count: 4)
        let config = server.config {
            $0.password = "secret"; $0.poolSize = 4; $0.minIdleConns = 4
        }
        let client = try RedisClient(config, guardedBy: nil, group: group, logger: nil)
        await client.start()
        #expect(eventually { client.statistics.pool.open == 4 })
        try server.restart(.password("another"))
        #expect(eventually { client.lastFailure == .authentication && client.statistics.connectionsLost == 4 })
        for _ in 0..<50 {
            _ = await redisError { () async throws(RedisError) in
                _ = try await client.get("key", timeout: .milliseconds(5))
            }
        }
        #expect(try server.info("cmdstat_hello")?.hasSuffix("failed_calls=1") == true)
        await client.close()
        await group.stop()
    }

    @Test func aDatabaseIsSelected() async throws {
        let server = try RedisServerProcess()
        try await withClient(server.config { $0.db = 3 }) { client async throws in
            try await client.set("key", "value")
            #expect(try server.cli("EXISTS", "key").integer == 0)
            #expect(try server.info("db3")?.hasPrefix("keys=1,") == true)
        }
        let old = try RedisServerProcess.withoutHello()
        try await withClient(old.config { $0.db = 3 }) { client async throws in
            try await client.set("key", "value")
            #expect(try old.info("db3")?.hasPrefix("keys=1,") == true)
        }
        #expect(try await firstError(server.config { $0.db = 999 })?.kind == .command)
    }

    @Test func anOldServerTakesAPasswordToo() async throws {
        let server = try RedisServerProcess.withoutHello(["requirepass secret"])
        #expect(try await firstError(server.config { $0.password = "secret" }) == nil)
        #expect(try await firstError(server.config { $0.password = "wrong" })?.kind == .authentication)
        #expect(try await firstError(server.config())?.kind == .authentication)
    }

    @Test func aUnixSocketIsAWayIn() async throws {
        let server = try RedisServerProcess()
        #expect(try await firstError(server.config { $0.host = server.unixPath }) == nil)
        #expect(try await firstError(server.config { $0.host = "/nonexistent/redis.sock" })?.kind == .connection)
    }

    @Test(arguments: ["::1", "[::1]"])
    func anIPv6AddressIsAWayIn(host: String) async throws {
        var options = RedisServerProcess.Options()
        options.lines = ["bind ::1"]
        let server = try RedisServerProcess(options)
        #expect(try await firstError(server.config { $0.host = host }) == nil)
    }

    @Test func aNameWhoseFirstAddressRefusesLeadsToTheNextOne() async throws {
        let server = try RedisServerProcess()
        #expect(try await firstError(server.config { $0.host = "localhost" }) == nil)
    }

    @Test func aNameThatDoesNotResolveIsANetworkError() async throws {
        let error = try await firstError(
            .local(1) {
                $0.host = "no-such-host.invalid"; $0.maxRetries = 0
            })
        #expect(error?.kind == .network)
    }

    @Test func aServerWithoutRoomForAnotherClientIsUnavailable() async throws {
        var options = RedisServerProcess.Options()
        // The tests' own connection, and one.
        options.maxClients = 2
        let server = try RedisServerProcess(options)
        let first = try await server.config().makeClient()
        let error = try await firstError(server.config { $0.maxRetries = 0 })
        #expect(error?.kind == .unavailable)
        #expect(error?.isRetryable == true)
        let second = try await RedisClient.unguarded(server.config())
        #expect(eventually { second.lastFailure == .unavailable })
        await first.close()
        try await second.ping()
        await second.close()
    }

    // MARK: TLS

    private static func tlsServer(requiresClientCertificate: Bool = false, identity: TLSFixtures.Identity? = nil) throws
        -> RedisServerProcess
    {
        let files = try TLSFixtures.shared
        var options = RedisServerProcess.Options()
        options.tls = .init(
            certificate: (identity ?? files.server).certificate, key: (identity ?? files.server).key,
            authority: files.authority, requiresClientCertificate: requiresClientCertificate)
        return try RedisServerProcess(options)
    }

    private func tlsConfig(_ server: RedisServerProcess, _ change: (inout RedisConfig) -> Void = { _ in }) throws
        -> RedisConfig
    {
        let authority = try TLSFixtures.shared.authority
        return server.config {
            $0.port = Int(server.tlsPort)
            $0.tlsEnabled = true
            $0.tlsCAFile = authority
            $0.maxRetries = 0
            change(&$0)
        }
    }

    @Test func aServerOfTheTrustedAuthorityIsTalkedToInSecret() async throws {
        let server = try Self.tlsServer()
        try await withClient(tlsConfig(server)) { client async throws in
            // More than TLS reads in one turn, so that nothing may be left lying in its buffer.
            let value = Bytes((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            try await client.set("key", value)
            #expect(try await client.get("key") == value)
        }
        #expect(try await firstError(tlsConfig(server) { $0.host = "localhost" }) == nil)
    }

    /// What the last read of a turn leaves in TLS's own buffer is not seen by the loop.
    @Test func noReplyIsLeftLyingInTheBufferOfTLS() async throws {
        let server = try Self.tlsServer()
        try await withClient(tlsConfig(server)) { client async throws in
            // Up to sizes for which memory is taken twice.
            let sizes = [Array(stride(from: 100_000, to: 200_000, by: 997)), Array(1_100_000..<1_100_040)].joined()
            for size in sizes {
                let value = Bytes([UInt8](repeating: 7, count: size))
                try await client.set("key", value)
                let replies = try await client.send([["GET", "key"], ["GET", "key"]])
                #expect(replies == [.bulkString(value), .bulkString(value)])
            }
            #expect(client.statistics.connectionsLost == 0)
        }
    }

    /// TLS reads ahead many records, of which a turn takes a few.
    @Test func repliesInManyRecordsAreReadToTheirEnd() async throws {
        let server = try RedisServerProcess()
        let shredder = try RecordShredder(to: server.port)
        let authority = try TLSFixtures.shared.authority
        let config = server.config {
            $0.port = Int(shredder.port)
            $0.tlsEnabled = true
            $0.tlsCAFile = authority
            $0.maxRetries = 0
        }
        try await withClient(config) { client async throws in
            let value = Bytes(repeatElement(7, count: 100))
            try await client.set("key", value)
            for _ in 0..<20 { #expect(try await client.get("key") == value) }
            #expect(client.statistics.connectionsLost == 0)
        }
    }

    @Test func aServerOfAnotherAuthorityOrNameIsNotTalkedTo() async throws {
        let files = try TLSFixtures.shared
        let server = try Self.tlsServer()
        let authority = try await firstError(tlsConfig(server) { $0.tlsCAFile = files.wrongAuthority })
        #expect(authority?.kind == .tls && authority?.phase == .handshake)
        let elsewhere = try Self.tlsServer(identity: files.wrongName)
        #expect(try await firstError(tlsConfig(elsewhere))?.kind == .tls)
        #expect(try await firstError(tlsConfig(elsewhere) { $0.tlsServerName = "elsewhere.test" }) == nil)
        #expect(try await firstError(tlsConfig(elsewhere) { $0.tlsSkipVerify = true }) == nil)
        let expired = try Self.tlsServer(identity: files.expired)
        #expect(try await firstError(tlsConfig(expired))?.kind == .tls)
    }

    @Test func aServerMayAskForOurCertificate() async throws {
        let files = try TLSFixtures.shared
        let server = try Self.tlsServer(requiresClientCertificate: true)
        func present(_ identity: TLSFixtures.Identity) async throws -> RedisError? {
            try await firstError(
                tlsConfig(server) {
                    $0.tlsCertFile = identity.certificate; $0.tlsKeyFile = identity.key
                })
        }
        #expect(try await present(files.client) == nil)
        #expect(try await present(files.stranger)?.kind == .tls)
        #expect(try await firstError(tlsConfig(server))?.kind == .tls)
    }

    @Test func aPlainServerIsNoTLSServerAndTheOtherWayRound() async throws {
        let server = try Self.tlsServer()
        #expect(
            try await firstError(
                tlsConfig(server) {
                    $0.port = Int(server.port); $0.dialTimeout = .seconds(1)
                }) != nil)
        #expect(
            try await firstError(
                server.config {
                    $0.port = Int(server.tlsPort); $0.maxRetries = 0
                }) != nil)
    }

    @Test func filesThatAreNotWhatTheyAreThereForAreFaultsOfTheConfiguration() async throws {
        let files = try TLSFixtures.shared
        let folder = try makeTemporaryFolder()
        let junk = "\(folder)/junk.pem"
        try writeFile(junk, "not PEM")
        func faults(_ change: (inout RedisConfig) -> Void) async throws -> [String] {
            let config = RedisConfig.local(1) {
                $0.tlsEnabled = true
                change(&$0)
            }
            let error = await #expect(throws: ConfigurationFaults.self) { try await RedisClient.unguarded(config) }
            let faults = try #require(error).faults
            #expect(faults.allSatisfy { !$0.rule.isEmpty && !$0.hint.isEmpty })
            #expect(throws: ConfigurationFaults.self) { try ConfigValidator().validateWithFiles(config) }
            return faults.map(\.key)
        }
        #expect(try await faults { $0.tlsCAFile = junk } == ["tls_ca_file"])
        #expect(try await faults { $0.tlsCAFile = "\(folder)/none.pem" } == ["tls_ca_file"])
        #expect(
            try await faults {
                $0.tlsCertFile = files.client.certificate; $0.tlsKeyFile = files.stranger.key
            }
                == ["tls_key_file"])
        #expect(
            try await faults {
                $0.tlsCertFile = junk; $0.tlsKeyFile = files.client.key
            } == ["tls_cert_file"])
        #expect(
            try await faults {
                $0.tlsCertFile = junk; $0.tlsKeyFile = files.client.key; $0.tlsCAFile = junk
            }
                == ["tls_ca_file", "tls_cert_file"])
        #expect(
            try await faults {
                $0.host = ""; $0.tlsCAFile = junk
            } == ["host", "tls_ca_file"])
    }
}
