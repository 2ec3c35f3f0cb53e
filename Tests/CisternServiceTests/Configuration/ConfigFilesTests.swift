import CisternConfiguration
import CisternJSON
import CisternRedis
import CisternService
import Testing

/// The files in `Config` against the code.
@Suite struct ConfigFilesTests {
    private static let folder = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined() + "/Config"

    private func content(_ name: String) throws -> String {
        try #require(String(validating: ConfigurationFiles.system.read("\(Self.folder)/\(name)"), as: UTF8.self))
    }

    @Test func theSchemaIsTheOneOfTheKeys() throws {
        // When this fails, Config/cistern.schema.json has to become what the code says.
        #expect(try content("cistern.schema.json") == ServiceConfig.catalog.schema())
    }

    @Test func theCompleteFileIsTheOneOfTheDefaults() throws {
        var config = ServiceConfig()
        config.backend = .redis
        #expect(try content("cistern.json") == ServiceConfig.catalog.file(config, schema: "./cistern.schema.json"))
        let loaded = try ServiceConfig.load(file: "\(Self.folder)/cistern.json", environment: [:])
        #expect(loaded.config == config)
        #expect(loaded.backend == .redis && loaded.warnings.isEmpty)
        #expect(Set(loaded.sources.keys) == Set(ServiceConfig.catalog.keys.map(\.path)))
    }

    @Test func theFlatFileIsOneOfTheServiceToo() throws {
        let loaded = try ServiceConfig.load(file: "\(Self.folder)/redis.json", environment: [:])
        #expect(loaded.config == ServiceConfig())
        #expect(loaded.backend == .redis)
    }

    @Test func theFileForProductionNeedsItsSecretsOnly() throws {
        let tokens = #"[{"name": "ci", "token": "abcdefghijkl", "scopes": ["read"]}]"#
        let system = ConfigurationFiles.system
        let files = ConfigurationFiles { path throws(Objections) in
            path.hasPrefix("/run/secrets/") ? Array(tokens.utf8) : try system.read(path)
        }
        let path = "\(Self.folder)/production.json"
        let loaded = try ServiceConfig.load(file: path, environment: ["REDIS_PASSWORD": "hunter2"], files: files)
        #expect(loaded.config.redis.tlsEnabled && !loaded.config.redis.tlsSkipVerify)
        #expect(loaded.backend == .redis)
        #expect(loaded.config.auth.tokens.list.map(\.name) == ["ci"])
        #expect(loaded.warnings.isEmpty)
        let text = try content("production.json")
        #expect(!text.contains("password") && !text.contains("\"token\""))
    }

    @Test func everyKeyIsInTheSchemaTheFileTheTableAndTheShow() throws {
        let schema = try #require(try JSONValue.parse(content("cistern.schema.json")).object?["$defs"]?.object)
        let nested = try #require(schema["sections"]?.object?["properties"]?.object)
        let flat = try #require(schema["flat"]?.object?["properties"]?.object)
        let file = try #require(try JSONValue.parse(content("cistern.json")).object)
        let show = ServiceConfig.catalog.show(ServiceConfig(), sources: [:])
        let tables = ([nil] + ServiceConfig.catalog.sections.map(\.name)).map {
            ServiceConfig.catalog.table(section: $0)
        }
        #expect(ServiceConfig.catalog.keys.count == 64)
        for key in ServiceConfig.catalog.keys {
            let properties = key.section.map { nested[$0]?.object?["properties"]?.object } ?? nested
            let property = try #require(properties?[key.name]?.object)
            #expect(property["default"] != nil && property["description"]?.string?.isEmpty == false)
            let values = key.section.map { file[$0]?.object } ?? file
            let expected = key.path == "backend" ? "redis" : property["default"]
            #expect(values?[key.name] == expected)
            #expect(show.contains("\n\(key.path) ") || show.hasPrefix("\(key.path) "))
            #expect(tables.joined().contains("| `\(key.name)` | `\(key.environment)` |"))
            if key.section == "redis" { #expect(flat[key.name] == .some(JSONValue(.object(property)))) }
        }
    }

    @Test func theKeysAreThoseOfTheDesign() {
        let sections = [
            "": "backend key_prefix default_ttl max_ttl",
            "http": """
            host port threads request_timeout max_connections header_timeout idle_timeout write_stall_timeout min_body_rate \
            max_value_bytes max_key_bytes max_batch_bytes drain_delay shutdown_timeout tls_cert_file tls_key_file \
            allow_unauthenticated allowed_hosts cors_origins
            """,
            "redis": """
            host port username password db dial_timeout read_timeout write_timeout tls_enabled tls_skip_verify tls_cert_file \
            tls_key_file tls_ca_file tls_server_name max_retries min_retry_backoff max_retry_backoff pool_size min_idle_conns \
            pool_timeout max_conn_age idle_timeout idle_check_frequency health_check_interval
            """,
            "circuit_breaker": "max_failures reset_timeout check_interval success_threshold",
            "fallback": "enabled writes redis_budget max_pending max_pending_bytes",
            "local_cache": "max_entries max_bytes ttl",
            "auth": "tokens tokens_file", "log": "level format access",
        ]
        for (section, names) in sections {
            let keys = ServiceConfig.catalog.keys.filter { ($0.section ?? "") == section }
            #expect(keys.map(\.name) == names.split(separator: " ").map(String.init))
        }
        #expect(Set(sections.keys) == Set(ServiceConfig.catalog.sections.map(\.name) + [""]))
    }

    @Test(arguments: [
        ("backend", "auto"), ("default_ttl", "0s"), ("max_ttl", "0s"), ("http.host", "127.0.0.1"),
        ("http.port", "8080"),
        ("http.threads", "0"), ("http.request_timeout", "1s"), ("http.max_connections", "16384"),
        ("http.header_timeout", "10s"), ("http.idle_timeout", "1m"), ("http.write_stall_timeout", "10s"),
        ("http.min_body_rate", "1024"), ("http.max_value_bytes", "1048576"), ("http.max_key_bytes", "1024"),
        ("http.max_batch_bytes", "8388608"), ("http.drain_delay", "0s"), ("http.shutdown_timeout", "25s"),
        ("http.allow_unauthenticated", "false"), ("http.allowed_hosts", "[]"), ("http.cors_origins", "[]"),
        ("circuit_breaker.max_failures", "5"), ("circuit_breaker.reset_timeout", "30s"),
        ("circuit_breaker.check_interval", "10s"), ("circuit_breaker.success_threshold", "2"),
        ("fallback.enabled", "true"),
        ("fallback.writes", "memory"), ("fallback.redis_budget", "250ms"), ("fallback.max_pending", "100000"),
        ("fallback.max_pending_bytes", "67108864"), ("local_cache.max_entries", "100000"),
        ("local_cache.max_bytes", "67108864"), ("local_cache.ttl", "5m"), ("auth.tokens", "[]"), ("log.level", "info"),
        ("log.format", "text"), ("log.access", "false"), ("redis.read_timeout", "3s"), ("redis.idle_timeout", "5m"),
    ])
    func theDefaultsAreThoseOfTheDesign(key: String, value: String) {
        #expect(ServiceConfig.catalog.shownValues(ServiceConfig()).first { $0.key == key }?.value == value)
    }

    @Test func showsWhereEverythingComesFrom() throws {
        let loaded = try ServiceConfig.load(
            file: "\(Self.folder)/production.json", environment: ["REDIS_PASSWORD": "hunter2"],
            flags: [ConfigurationFlag("--port", sets: "http.port", to: "0")],
            files: ConfigurationFiles { path throws(Objections) in
                path.hasSuffix("tokens")
                    ? Array(#"[{"name": "ci", "token": "abcdefghijkl", "scopes": ["read"]}]"#.utf8)
                    : Array(#"{"auth": {"tokens_file": "tokens"}}"#.utf8)
            })
        let lines = loaded.show().split(separator: "\n").map(String.init)
        #expect(lines.count == 64)
        #expect(
            lines.contains {
                $0.hasPrefix("http.port ") && $0.contains(" 0 ") && $0.hasSuffix(" flag --port")
            })
        #expect(lines.contains { $0.hasPrefix("redis.password ") && $0.hasSuffix("environment REDIS_PASSWORD") })
        #expect(lines.contains { $0.hasPrefix("auth.tokens_file ") && $0.hasSuffix("production.json:1:26") })
        let json = try #require(try JSONValue.parse(loaded.showJSON()).object)
        #expect(json["http.port"] == ["value": 0, "source": "flag --port"])
        #expect(json["redis.password"]?.object?["value"] == "(redacted)")
        #expect(
            loaded.checkText.hasPrefix(
                "the configuration is valid: file \(Self.folder)/production.json, backend local ("))
    }

    @Test func theHashFollowsTheValuesButNoSecret() throws {
        let base = try ServiceConfig.load(environment: [:])
        #expect(try ServiceConfig.load(environment: [:]).hash == base.hash)
        #expect(try ServiceConfig.load(environment: ["REDIS_PASSWORD": "hunter2"]).hash == base.hash)
        #expect(try ServiceConfig.load(environment: ["REDIS_DB": "1"]).hash != base.hash)
    }
}
