import Cistern
import CisternConfiguration
import CisternRedis
import Testing

@Suite struct RedisConfigTests {
    static let configuration = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined() + "/Config"

    @Test func hasTheDefaultsOfPlanV39() {
        let config = RedisConfig()
        #expect(config.host == "localhost" && config.port == 6379 && config.db == 0)
        #expect(config.username.isEmpty && config.password.isEmpty)
        #expect(
            config.dialTimeout == .seconds(5) && config.readTimeout == .seconds(3) && config.writeTimeout == .seconds(3)
        )
        #expect(!config.tlsEnabled && !config.tlsSkipVerify && config.tlsServerName.isEmpty)
        #expect(config.tlsCertFile.isEmpty && config.tlsKeyFile.isEmpty && config.tlsCAFile.isEmpty)
        #expect(config.maxRetries == 3)
        #expect(config.minRetryBackoff == .seconds(1) && config.maxRetryBackoff == .seconds(3))
        #expect(config.poolSize == 10 && config.minIdleConns == 5 && config.poolTimeout == .seconds(4))
        #expect(
            config.maxConnAge == .zero && config.idleTimeout == .seconds(300)
                && config.idleCheckFrequency == .seconds(60))
        #expect(config.healthCheckInterval == .seconds(30))
    }

    @Test func theFlatFileHoldsEveryKeyAtItsDefault() throws {
        let path = Self.configuration + "/redis.json"
        #expect(try RedisConfig(contentsOf: path) == RedisConfig())
        let text = try #require(String(validating: ConfigurationFiles.system.read(path), as: UTF8.self))
        #expect(text == RedisConfig.catalog.file(RedisConfig(), schema: "./cistern.schema.json"))
        for key in RedisConfig.catalog.keys { #expect(text.contains("\"\(key.path)\"")) }
    }

    /// One environment that sets every key to something else than its default.
    static let full: [String: String] = [
        "REDIS_HOST": "cache", "REDIS_PORT": "6380", "REDIS_USERNAME": "app", "REDIS_PASSWORD": "hunter2",
        "REDIS_DB": "2",
        "REDIS_DIAL_TIMEOUT": "1s", "REDIS_READ_TIMEOUT": "250ms", "REDIS_WRITE_TIMEOUT": "1m30s",
        "REDIS_TLS_ENABLED": "true",
        "REDIS_TLS_SKIP_VERIFY": "true", "REDIS_TLS_CERT_FILE": "c.pem", "REDIS_TLS_KEY_FILE": "k.pem",
        "REDIS_TLS_CA_FILE": "ca.pem", "REDIS_TLS_SERVER_NAME": "cache.example", "REDIS_MAX_RETRIES": "0",
        "REDIS_MIN_RETRY_BACKOFF": "8ms", "REDIS_MAX_RETRY_BACKOFF": "512ms", "REDIS_POOL_SIZE": "20",
        "REDIS_MIN_IDLE_CONNS": "0", "REDIS_POOL_TIMEOUT": "1.5s", "REDIS_MAX_CONN_AGE": "1h",
        "REDIS_IDLE_TIMEOUT": "0",
        "REDIS_IDLE_CHECK_FREQUENCY": "0s", "REDIS_HEALTH_CHECK_INTERVAL": "10s",
    ]

    @Test func readsEveryKeyFromTheEnvironment() throws {
        let config = try RedisConfig(environment: Self.full)
        #expect(Set(Self.full.keys) == Set(RedisConfig.catalog.keys.map(\.environment)))
        let (values, defaults) = (
            RedisConfig.catalog.shownValues(config), RedisConfig.catalog.shownValues(RedisConfig())
        )
        for (value, standard) in zip(values, defaults) {
            #expect(value.value != standard.value, "\(value.key) was not read")
        }
        #expect(config.readTimeout == .milliseconds(250) && config.writeTimeout == .seconds(90))
        #expect(config.tlsCAFile == "ca.pem" && config.tlsServerName == "cache.example" && config.maxRetries == 0)
    }

    @Test func theEnvironmentDoesNotMindStrangers() throws {
        let environment = ["REDIS_PORT": "tcp://10.0.0.1:6379", "REDIS_ODD": "1", "PATH": "/bin", "CISTERN_ODD": "1"]
        #expect(try RedisConfig(environment: environment) == RedisConfig())
    }

    @Test func neverShowsThePassword() throws {
        let config = try RedisConfig(environment: Self.full)
        var dumped = ""
        dump(config, to: &dumped)
        for text in ["\(config)", String(reflecting: config), dumped, "\(Optional(config) as Any)", "\([config])"] {
            #expect(!text.contains("hunter2"))
            #expect(text.contains("(redacted)"))
            #expect(text.contains("cache.example"))
        }
    }

    @Test func faultsNeverShowThePassword() {
        let long = "hunter2" + "\0"
        for environment in [
            ["REDIS_PASSWORD": long], ["REDIS_URL": "redis://u:hunter2@cache:x/0"], ["REDIS_URL": "hunter2"],
        ] {
            let error = #expect(throws: ConfigurationFaults.self) { try RedisConfig(environment: environment) }
            #expect(error.map { !"\($0)".contains("hunter2") } == true)
        }
    }

    @Test func readsThePasswordFromAFile() throws {
        let files = ConfigurationFiles { path throws(Objections) in
            switch path {
            case "plain": return Array("hunter2".utf8)
            case "line": return Array("hunter2\n".utf8)
            case "dos": return Array("hunter2\r\n".utf8)
            case "two": return Array("hunter2\n\n".utf8)
            case "empty": return Array("\n".utf8)
            case "binary": return [0xFF]
            default: throw Objections("must be a file that exists", hint: "there is no \(path)")
            }
        }
        func load(_ environment: [String: String]) throws(ConfigurationFaults) -> RedisConfig {
            var resolver = ConfigurationResolver(RedisConfig.catalog, files: files)
            resolver.read(environment: environment, families: [])
            return try resolver.finish()
        }
        for name in ["plain", "line", "dos"] {
            #expect(try load(["REDIS_PASSWORD_FILE": name]).password == "hunter2")
        }
        #expect(try load(["REDIS_PASSWORD_FILE": "two"]).password == "hunter2\n")
        #expect(try load(["REDIS_PASSWORD_FILE": "plain", "REDIS_URL": "redis://:other@cache"]).password == "hunter2")
        for name in ["empty", "binary", "missing"] {
            let error = #expect(throws: ConfigurationFaults.self) { try load(["REDIS_PASSWORD_FILE": name]) }
            #expect(error?.faults.map(\.key) == ["REDIS_PASSWORD_FILE"])
            #expect(error?.faults.first?.source == "environment REDIS_PASSWORD_FILE")
        }
        let both = #expect(throws: ConfigurationFaults.self) {
            try load(["REDIS_PASSWORD_FILE": "plain", "REDIS_PASSWORD": "other"])
        }
        #expect(both?.faults.count == 1)
    }

    @Test func saysThatAFileIsMissing() {
        let error = #expect(throws: ConfigurationFaults.self) { try RedisConfig(contentsOf: "/nonexistent.json") }
        #expect(
            error?.faults.map(\.description) == [
                "config = /nonexistent.json (file /nonexistent.json): must be a file that exists; there is no /nonexistent.json"
            ])
    }

    @Test func warnsOfWhatIsAllowedAndOdd() {
        #expect(RedisConfig().warnings.isEmpty)
        var config = RedisConfig()
        config.tlsEnabled = true
        config.tlsSkipVerify = true
        #expect(config.warnings.map(\.key) == ["tls_skip_verify"])
        config.tlsEnabled = false
        config.tlsCAFile = "ca.pem"
        config.idleCheckFrequency = .zero
        #expect(config.warnings.map(\.key) == ["tls_skip_verify", "tls_ca_file", "idle_check_frequency"])
    }
}
