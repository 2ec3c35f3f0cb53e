import CisternBytes
import TestSupport
import Testing

@Suite("Tools of the command", .blocking) struct ToolsTests {
    @Test func aGoodRedisPassesAndIsLeftClean() throws {
        let redis = try RedisServerProcess(.password("secret"))
        try redis.cli("SET", "mine", "v")
        let outcome = try CisternProcess.run(
            ["redis-test", "--host", "127.0.0.1", "--port", "\(redis.port)"],
            environment: ["REDIS_PASSWORD": "secret"])
        #expect(outcome.code == 0, "\(outcome.text)")
        for word in ["AUTH", "PING", "SET", "GET", "TTL"] {
            #expect(outcome.text.uppercased().contains(word), "\(word)")
        }
        #expect(!outcome.text.contains("secret"))
        #expect(try redis.cli("KEYS", "*") == .array([.bytes("mine")]))
    }

    @Test(arguments: ["nobody there", "a wrong password", "a TLS port", "silence", "nonsense"])
    func aBadRedisFailsWithAVerdict(kind: String) throws {
        var environment = ["REDIS_DIAL_TIMEOUT": "300ms", "REDIS_READ_TIMEOUT": "300ms", "REDIS_MAX_RETRIES": "0"]
        var redis: RedisServerProcess?
        var server: FaultServer?
        let port: UInt16
        switch kind {
        case "nobody there": port = try freePort()
        case "a wrong password":
            redis = try RedisServerProcess(.password("right"))
            environment["REDIS_PASSWORD"] = "wr0ng-one"
            port = redis?.port ?? 0
        case "a TLS port":
            let fixtures = try TLSFixtures.shared
            var options = RedisServerProcess.Options()
            options.tls = .init(
                certificate: fixtures.server.certificate, key: fixtures.server.key, authority: fixtures.authority)
            redis = try RedisServerProcess(options)
            port = redis?.tlsPort ?? 0
        case "silence":
            server = try FaultServer { _ in [.silence] }
            port = server?.port ?? 0
        default:
            server = try FaultServer { _ in [.receive(1), .send(["HTTP/1.1 400 Bad Request\r\n\r\n"]), .close] }
            port = server?.port ?? 0
        }
        let outcome = try CisternProcess.run(
            ["redis-test", "--host", "127.0.0.1", "--port", "\(port)"], environment: environment)
        #expect(outcome.code == 1, "\(outcome.text)")
        #expect(!outcome.text.isEmpty)
        #expect(!outcome.text.contains("wr0ng-one"))
        withExtendedLifetime((redis, server)) {}
    }

    @Test func healthAsksTheServiceOfItsConfiguration() throws {
        let stack = try Stack.local()
        #expect(
            try CisternProcess.run(["health"], environment: ["CISTERN_HTTP_PORT": "\(stack.service.port)"]).code == 0)
        #expect(try CisternProcess.run(["health"], environment: ["CISTERN_HTTP_PORT": "\(try freePort())"]).code == 1)
    }

    @Test func healthFailsWhereNobodyAnswersOrSomebodyElseDoes() throws {
        let silent = try FaultServer { _ in [.silence] }
        let wrong = try FaultServer { _ in
            [.receiveThrough("\r\n\r\n"), .send(["HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"])]
        }
        for port in [silent.port, wrong.port] {
            #expect(try CisternProcess.run(["health"], environment: ["CISTERN_HTTP_PORT": "\(port)"]).code == 1)
        }
    }

    @Test func theVersionIsShown() throws {
        let outcome = try CisternProcess.run(["--version"])
        #expect(outcome.code == 0)
        #expect(outcome.output.contains { $0.isNumber })
    }

    @Test(arguments: [
        [], ["serve"], ["config"], ["config", "check"], ["config", "show"], ["redis-test"], ["fallback-test"],
        ["health"],
    ]) func helpTeaches(command: [String]) throws {
        let outcome = try CisternProcess.run(command + ["--help"])
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("USAGE"))
    }

    @Test(arguments: [
        ["nonsense"], ["serve", "--nonsense"], ["serve", "--port", "abc"], ["config", "nonsense"], ["serve", "extra"],
        ["health", "--url"],
    ])
    func wrongUsageIsSaid(arguments: [String]) throws {
        let outcome = try CisternProcess.run(arguments)
        #expect(outcome.code == 64)
        #expect(outcome.errorOutput.contains("Usage") || outcome.errorOutput.contains("USAGE"))
    }
}
