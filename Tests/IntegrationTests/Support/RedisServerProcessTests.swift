import CisternBytes
import TestSupport
import Testing

@Suite("Redis servers of the tests", .blocking) struct RedisServerProcessTests {
    @Test func bytesOfEveryKindGoThrough() throws {
        let redis = try RedisServerProcess()
        let value = Bytes(0...255)
        #expect(try redis.cli("SET", "k", value) == .status("OK"))
        #expect(try redis.cli("GET", "k") == .bytes(value))
        #expect(try redis.cli("GET", "none") == .null)
        #expect(try redis.cli("LPUSH", "l", "b", "a") == .integer(2))
        #expect(try redis.cli("LRANGE", "l", "0", "-1") == .array([.bytes("a"), .bytes("b")]))
        #expect(try redis.cli("NONSENSE").text == nil)
    }

    @Test func aPasswordAndUsersAreAskedOfOthersOnly() throws {
        var options = RedisServerProcess.Options.password("secret")
        options.users = ["alice on >wonder ~* +@all"]
        let redis = try RedisServerProcess(options)
        #expect(try redis.cli("PING") == .status("PONG"))
        let other = try RawConnection(port: redis.port)
        try other.send("PING\r\n")
        #expect(try other.readLine().string?.hasPrefix("-NOAUTH") == true)
        try other.send("AUTH alice wonder\r\n")
        #expect(try other.readLine() == "+OK\r\n")
        #expect(try redis.refusedPasswords() == 0)
        for _ in 0..<3 {
            try other.send("AUTH wrong\r\n")
            #expect(try other.readLine().string?.hasPrefix("-WRONGPASS") == true)
        }
        #expect(try redis.refusedPasswords() == 3)
        try other.send("AUTH secret\r\n")
        #expect(try other.readLine() == "+OK\r\n")
        #expect(try redis.clients().count == 1)
    }

    @Test func aPausedServerAnswersWhenItGoesOn() throws {
        let redis = try RedisServerProcess()
        let other = try RawConnection(port: redis.port)
        redis.pause()
        try other.send("PING\r\n")
        #expect(other.staysSilent(for: .milliseconds(100)))
        redis.resume()
        #expect(try other.readLine() == "+PONG\r\n")
    }

    @Test func aKilledServerComesBackEmptyOnTheSamePort() throws {
        let redis = try RedisServerProcess()
        try redis.cli("SET", "k", "v")
        let other = try RawConnection(port: redis.port)
        redis.kill9()
        #expect(other.isClosedByPeer())
        #expect(throws: TestFailure.self) { try RawConnection(port: redis.port) }
        try redis.restart(.password("secret"))
        #expect(try redis.cli("GET", "k") == .null)
        let again = try RawConnection(port: redis.port)
        try again.send("PING\r\n")
        #expect(try again.readLine().string?.hasPrefix("-NOAUTH") == true)
    }

    @Test func dataIsKeptWhereTheOptionsSaySo() throws {
        var options = RedisServerProcess.Options()
        options.keepsData = true
        let redis = try RedisServerProcess(options)
        try redis.cli("SET", "k", "v")
        redis.kill9()
        try redis.restart(options)
        #expect(try redis.cli("GET", "k") == .bytes("v"))
        // Slow enough to be met while it loads.
        var generator = SplitMix64(seed: 4)
        for number in 0..<200 { try redis.cli("SET", Bytes("\(number)"), Bytes(generator.bytes(500))) }
        try redis.rewriteFile()
        options.lines = RedisServerProcess.slowLoading(perKey: .milliseconds(10))
        try redis.restart(options, awaitsData: false)
        for _ in 0..<3 {
            guard case .error(let text) = try redis.cli("GET", "k"), text.hasPrefix("LOADING") else {
                Issue.record("it was not loading")
                return
            }
        }
        #expect(try eventually { try redis.cli("GET", "k") == .bytes("v") })
        try redis.restart()
        #expect(try redis.cli("GET", "k") == .null)
    }

    @Test func moreThanMaxClientsAreRefused() throws {
        var options = RedisServerProcess.Options()
        options.maxClients = 2
        let redis = try RedisServerProcess(options)
        let first = try RawConnection(port: redis.port)
        try first.send("PING\r\n")
        #expect(try first.readLine() == "+PONG\r\n")
        let second = try RawConnection(port: redis.port)
        #expect(try second.readLine() == "-ERR max number of clients reached\r\n")
    }

    @Test func aWrongConfigurationShowsTheReason() {
        var options = RedisServerProcess.Options()
        options.lines = ["no-such-directive 1"]
        #expect(throws: TestFailure.self) { try RedisServerProcess(options) }
    }

    @Test(arguments: [
        (true, "client", "authority", true), (true, "stranger", "authority", false), (true, "none", "authority", false),
        (false, "none", "authority", true), (false, "none", "wrong-authority", false),
    ])
    func tlsChecksBothSides(mutual: Bool, identity: String, authority: String, isAccepted: Bool) throws {
        let fixtures = try TLSFixtures.shared
        var options = RedisServerProcess.Options()
        options.tls = .init(
            certificate: fixtures.server.certificate, key: fixtures.server.key, authority: fixtures.authority,
            requiresClientCertificate: mutual)
        let redis = try RedisServerProcess(options)
        var arguments = ["-h", "127.0.0.1", "-p", "\(redis.tlsPort)", "--tls", "--cacert"]
        arguments.append(authority == "authority" ? fixtures.authority : fixtures.wrongAuthority)
        let shown = ["client": fixtures.client, "stranger": fixtures.stranger][identity]
        if let shown { arguments += ["--cert", shown.certificate, "--key", shown.key] }
        let client = try ChildProcess("redis-cli", arguments + ["PING"])
        _ = try client.wait()
        #expect((client.output == "PONG\n") == isAccepted, "\(client.errorOutput)")
    }
}
