import CisternBytes
import TestSupport
import Testing

@Suite("Configuration", .blocking) struct ConfigurationTests {
    @Test(arguments: Fault.inEnvironment) func aFaultIsNamedBeforeAnythingStarts(fault: Fault) throws {
        for arguments in [["config", "check"], ["serve"]] {
            let outcome = try CisternProcess.run(arguments, environment: fault.environment)
            #expect(outcome.code == 78)
            #expect(!outcome.text.contains("listening on"))
            for word in fault.words { #expect(outcome.text.contains(word), "\(word) in: \(outcome.text)") }
        }
    }

    @Test(arguments: Fault.inFile) func aFaultOfTheFileIsNamed(fault: Fault) throws {
        let outcome = try check(fault.file)
        #expect(outcome.code == 78)
        for word in fault.words { #expect(outcome.text.contains(word), "\(word) in: \(outcome.text)") }
    }

    struct Fault: CustomTestStringConvertible, Sendable {
        var environment: [String: String] = [:]
        var file = ""
        /// What the message has to contain: the key, and a piece of the hint.
        let words: [String]

        var testDescription: String { file.isEmpty ? "\(environment)" : file }

        static func environment(_ environment: [String: String], _ words: String...) -> Fault {
            Fault(environment: environment, words: words)
        }

        static func file(_ file: String, _ words: String...) -> Fault { Fault(file: file, words: words) }

        static let inEnvironment: [Fault] = [
            environment(["REDIS_HOST": ""], "host"), environment(["REDIS_PORT": "0"], "port"),
            environment(["REDIS_PORT": "65536"], "port", "65535"), environment(["REDIS_PORT": "abc"], "port", "abc"),
            environment(["REDIS_DB": "-1"], "db"), environment(["REDIS_READ_TIMEOUT": "5"], "read_timeout", "5s"),
            environment(["REDIS_READ_TIMEOUT": "0s"], "read_timeout"),
            environment(["REDIS_WRITE_TIMEOUT": "-1s"], "write_timeout"),
            environment(["REDIS_DIAL_TIMEOUT": "10us"], "dial_timeout"),
            environment(["REDIS_POOL_TIMEOUT": "soon"], "pool_timeout", "soon"),
            environment(["REDIS_USERNAME": "alice"], "username", "password"),
            environment(["REDIS_TLS_ENABLED": "maybe"], "tls_enabled", "maybe"),
            environment(["REDIS_TLS_ENABLED": "true", "REDIS_TLS_CA_FILE": "/nowhere/ca.pem"], "tls_ca_file"),
            environment(["REDIS_MIN_RETRY_BACKOFF": "5s"], "min_retry_backoff", "max_retry_backoff"),
            environment(["REDIS_MAX_RETRIES": "-1"], "max_retries"), environment(["REDIS_POOL_SIZE": "0"], "pool_size"),
            environment(["REDIS_POOL_SIZE": "10001"], "pool_size", "10000"),
            environment(["REDIS_MIN_IDLE_CONNS": "11"], "min_idle_conns", "pool_size"),
            environment(["REDIS_HEALTH_CHECK_INTERVAL": "0s"], "health_check_interval"),
            environment(["REDIS_URL": "http://localhost"], "url"),
            environment(["REDIS_PASSWORD_FILE": "/nowhere/password"], "password"),
            environment(["CISTERN_BACKEND": "mongo"], "backend", "mongo"),
            environment(["CISTERN_HTTP_PORT": "70000"], "http.port"),
            environment(["CISTERN_HTTP_PROT": "8080"], "CISTERN_HTTP_PROT", "CISTERN_HTTP_PORT"),
            environment(["CISTERN_HTTP_THREADS": "11"], "threads", "pool_size"),
            environment(["CISTERN_HTTP_HOST": "0.0.0.0"], "allow_unauthenticated"),
            environment(["CISTERN_MAX_TTL": "60s"], "default_ttl", "max_ttl"),
            environment(["CISTERN_LOG_LEVEL": "loud"], "log.level", "loud"),
            environment(["CISTERN_CONFIG": "/nowhere/cistern.json"], "/nowhere/cistern.json"),
        ]

        static let inFile: [Fault] = [
            file("{\n  \"http\": {\n    \"port\": 1,,\n  }\n}", "cistern.json:3:15"), file("", "cistern.json:1:1"),
            file("[]"), file(#"{"redis": {"dial_timout": "5s"}}"#, "dial_timout", "dial_timeout"),
            file(#"{"host": "a", "dial_timout": "5s"}"#, "dial_timout", "dial_timeout"),
            file(#"{"host": "a", "http": {"port": 1}}"#, "host", "http"),
            file(#"{"redis": {"read_timeout": 5}}"#, "redis.read_timeout", "5s"),
            file(#"{"redis": {"port": "6379x"}}"#, "redis.port"), file(#"{"redis": {"port": 6379.5}}"#, "redis.port"),
            file(#"{"redis": {"tls_enabled": "perhaps"}}"#, "redis.tls_enabled"),
            file(#"{"redis": {"host": 5}}"#, "redis.host"), file(#"{"redis": []}"#, "redis"),
            file(#"{"http": {"max_value_bytes": 99999999999999999999}}"#, "http.max_value_bytes"),
            file(#"{"htpp": {}}"#, "htpp", "http"), file("{\"redis\": {\"host\": \"\u{0}\"}}", "cistern.json:1:21"),
        ]
    }

    @Test func sevenFaultsAreNamedAtOnce() throws {
        let file = """
            {"backend": "mongo", "http": {"port": 70000, "request_timeout": "soon"},
             "redis": {"db": -1, "read_timeout": 5, "pool_sise": 3, "min_retry_backoff": "5s"}}
            """
        let path = try writeConfiguration(file)
        for arguments in [["config", "check", "--config", path], ["serve", "--config", path]] {
            let outcome = try CisternProcess.run(arguments)
            #expect(outcome.code == 78)
            #expect(!outcome.text.contains("listening on"))
            let keys = [
                "backend", "http.port", "http.request_timeout", "redis.db", "redis.read_timeout", "redis.pool_sise",
                "redis.min_retry_backoff",
            ]
            for key in keys { #expect(outcome.text.contains(key), "\(key)") }
            #expect(outcome.text.contains("pool_size"))
        }
    }

    @Test func aGoodFilePassesNestedAndFlat() throws {
        for file in [#"{"backend": "redis", "redis": {"host": "cache"}}"#, #"{"host": "cache", "port": 6380}"#, "{}"] {
            #expect(try check(file).code == 0)
        }
    }

    @Test(arguments: ["cistern.json", "redis.json"]) func theFilesOfTheProjectPass(name: String) throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        #expect(try CisternProcess.run(["config", "check", "--config", "/\(root)/Config/\(name)"]).code == 0)
    }

    @Test func strangersInTheEnvironmentAreWarnedOf() throws {
        let outcome = try CisternProcess.run(
            ["config", "check"], environment: ["REDIS_HOTS": "cache", "REDIS_PORT": "tcp://10.0.0.1:6379"])
        #expect(outcome.code == 0)
        #expect(outcome.text.contains("REDIS_HOTS"))
        #expect(outcome.text.contains("REDIS_HOST"))
        #expect(outcome.text.contains("REDIS_PORT"))
    }

    @Test func everyValueIsShownWithItsSource() throws {
        let path = try writeConfiguration(
            #"{"redis": {"host": "from-the-file", "db": 3, "read_timeout": "2s"}, "http": {"port": 8123}}"#)
        let outcome = try CisternProcess.run(
            ["config", "show", "--config", path], environment: ["REDIS_READ_TIMEOUT": "250ms", "REDIS_DB": "4"])
        #expect(outcome.code == 0)
        func line(_ words: String...) -> Bool {
            outcome.text.split(separator: "\n").contains { line in
                words.allSatisfy { line.lowercased().contains($0.lowercased()) }
            }
        }
        #expect(line("host", "from-the-file", "file"))
        #expect(line("read_timeout", "250ms", "environment"))
        #expect(line("db", "4", "environment"))
        #expect(line("pool_size", "10", "default"))
        #expect(line("port", "8123", "file"))
    }

    @Test func theOrderIsCommandLineEnvironmentFile() throws {
        let path = try writeConfiguration(#"{"backend": "local", "http": {"port": 1}}"#)
        let first = try CisternProcess(["--config", path, "--port", "0"], environment: ["CISTERN_HTTP_PORT": "2"])
        #expect(first.port > 2)
        let second = try CisternProcess(["--config", path])
        #expect(second.port > 2)
    }

    @Test func noSecretIsEverShown() throws {
        let path = try writeConfiguration(
            #"{"backend": "redis", "redis": {"port": 1, "username": "u", "password": "s3cret-of-the-file"}}"#)
        let sources: [([String], [String: String])] = [
            (["--config", path], [:]), ([], ["REDIS_PORT": "1", "REDIS_PASSWORD": "s3cret-of-the-environment"]),
            ([], ["REDIS_URL": "redis://u:s3cret-of-the-url@127.0.0.1:1/0"]),
            // Faults quote what is wrong; not here.
            ([], ["REDIS_URL": "redis://u:s3cret-of-the-url@127.0.0.1:nonsense/0"]),
            ([], ["REDIS_PASSWORD": "s3cret-of-the-environment", "REDIS_DB": "-1"]),
        ]
        for (arguments, environment) in sources {
            for command in [["config", "check"], ["config", "show"], ["redis-test"]] {
                let outcome = try CisternProcess.run(command + arguments, environment: environment)
                #expect(!outcome.text.contains("s3cret"), "\(command)")
                #expect(!outcome.text.isEmpty)
            }
        }
        let service = try CisternProcess(["--config", path, "--log-level", "trace"])
        let curl = try CurlClient(port: service.port)
        for route in ["/keys/k", "/health", "/stats"] { #expect(!(try curl.get(route).text.contains("s3cret"))) }
        #expect(!service.text.contains("s3cret"))
    }

    @Test(
        arguments: [
            ([:], "local"), (["REDIS_HOST": "127.0.0.1", "REDIS_PORT": "1"], "redis"),
            (["CISTERN_BACKEND": "local", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": "1"], "local"),
        ] as [([String: String], String)])
    func theBackendFollowsFromWhatIsGiven(environment: [String: String], backend: String) throws {
        let service = try CisternProcess(environment: environment)
        // Where there is no Redis, nobody can say that it does not hold the key.
        let status = try CurlClient(port: service.port).get("/keys/never-written").status
        #expect(status == (backend == "local" ? 404 : 503))
        #expect(service.text.lowercased().contains(backend))
    }

    private func check(_ file: String) throws -> CisternProcess.Outcome {
        try CisternProcess.run(["config", "check", "--config", try writeConfiguration(file)])
    }

    private func writeConfiguration(_ text: String) throws -> String {
        let path = try makeTemporaryFolder() + "/cistern.json"
        try writeFile(path, Bytes(text))
        return path
    }
}
