import CisternConfiguration
import CisternJSON
import CisternRedis
import CisternService
import Testing

@Suite struct ServiceConfigLoadTests {
    /// Loads a file from memory.
    static func load(
        _ file: String? = nil, environment: [String: String] = [:], flags: [ConfigurationFlag] = [],
        others: [String: String] = [:]
    ) throws(ConfigurationFaults) -> LoadedConfiguration {
        var contents = others
        contents["c.json"] = file
        let known = contents
        let files = ConfigurationFiles { path throws(Objections) in
            guard let text = known[path] else {
                throw Objections("must be a file that exists", hint: "there is no \(path)")
            }
            return Array(text.utf8)
        }
        return try ServiceConfig.load(
            file: file.map { _ in "c.json" }, environment: environment, flags: flags, files: files, checks: [])
    }

    static func faults(
        _ file: String? = nil, environment: [String: String] = [:], flags: [ConfigurationFlag] = [],
        others: [String: String] = [:]
    ) -> [String] {
        do throws(ConfigurationFaults) {
            _ = try load(file, environment: environment, flags: flags, others: others)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test func withoutAnySourceThereAreTheDefaults() throws {
        let loaded = try Self.load()
        #expect(loaded.config == ServiceConfig())
        #expect(loaded.sources.isEmpty && loaded.warnings.isEmpty && loaded.file == nil)
    }

    @Test func eachSourceBeatsTheWeakerOnes() throws {
        let file = #"{"http": {"port": 1, "host": "::1", "threads": 1}, "redis": {"port": 1, "db": 1, "host": "file"}}"#
        let loaded = try Self.load(
            file,
            environment: [
                "CISTERN_HTTP_PORT": "2", "CISTERN_HTTP_THREADS": "2", "REDIS_PORT": "2",
                "REDIS_URL": "redis://url:9/3",
            ],
            flags: [ConfigurationFlag("--port", sets: "http.port", to: "3")])
        #expect(loaded.config.http.port == 3 && loaded.config.http.threads == 2 && loaded.config.http.host == "::1")
        #expect(loaded.config.redis.port == 2 && loaded.config.redis.db == 3 && loaded.config.redis.host == "url")
        #expect(
            loaded.sources.mapValues(\.description) == [
                "http.port": "flag --port", "http.threads": "environment CISTERN_HTTP_THREADS",
                "http.host": "file c.json:1:30", "redis.port": "environment REDIS_PORT",
                "redis.db": "environment REDIS_URL",
                "redis.host": "environment REDIS_URL", "redis.tls_enabled": "environment REDIS_URL",
            ])
    }

    @Test(arguments: ServiceConfig.catalog.keys.map(\.path))
    func everyKeyIsReadFromFileEnvironmentAndFlag(path: String) throws {
        let key = try #require(ServiceConfig.catalog[path])
        let samples: [String: (json: String, text: String)] = [
            "backend": ("\"local\"", "local"), "http.threads": ("2", "2"), "http.port": ("81", "81"),
            "redis.username": ("\"\"", ""), "redis.tls_cert_file": ("\"\"", ""), "redis.tls_key_file": ("\"\"", ""),
            "http.tls_cert_file": ("\"\"", ""), "http.tls_key_file": ("\"\"", ""), "http.host": ("\"::1\"", "::1"),
            "fallback.redis_budget": ("\"2ms\"", "2ms"), "redis.min_idle_conns": ("2", "2"),
            "http.max_value_bytes": ("2", "2"), "fallback.writes": ("\"reject\"", "reject"),
            "fallback.max_pending_bytes": ("67108863", "67108863"), "local_cache.max_bytes": ("67108863", "67108863"),
            "log.level": ("\"debug\"", "debug"), "log.format": ("\"json\"", "json"),
            "http.allowed_hosts": ("[\"a.example\"]", "a.example"),
            "http.cors_origins": ("[\"https://a.example\"]", "https://a.example"),
            "auth.tokens": (
                #"[{"name":"a","token":"abcdefghijkl","scopes":["read"]}]"#,
                #"[{"name":"a","token":"abcdefghijkl","scopes":["read"]}]"#
            ),
            "auth.tokens_file": ("\"\"", ""), "redis.min_retry_backoff": ("\"2s\"", "2s"),
            "max_ttl": ("\"0s\"", "0s"), "redis.pool_size": ("12", "12"),
        ]
        let sample: (json: String, text: String)
        switch key.shape {
        case .duration: sample = samples[path] ?? ("\"2s\"", "2s")
        case .integer: sample = samples[path] ?? ("7", "7")
        case .boolean: sample = samples[path] ?? (path == "fallback.enabled" ? ("false", "false") : ("true", "true"))
        default: sample = samples[path] ?? ("\"x\"", "x")
        }
        let parts = path.split(separator: ".")
        let file =
            parts.count == 2 ? "{\"\(parts[0])\": {\"\(parts[1])\": \(sample.json)}}" : "{\"\(path)\": \(sample.json)}"
        let loads = [
            try Self.load(file), try Self.load(environment: [key.environment: sample.text]),
            try Self.load(flags: [ConfigurationFlag("--flag", sets: path, to: sample.text)]),
        ]
        #expect(loads.allSatisfy { $0.config == loads[0].config })
        #expect(loads.allSatisfy { Array($0.sources.keys) == [path] })
        #expect((loads[0].config == ServiceConfig()) == ["", "0s"].contains(sample.text))
    }

    @Test func namesInTheEnvironmentFollowTheSection() {
        for key in ServiceConfig.catalog.keys {
            let name = key.path.uppercased().split(separator: ".").joined(separator: "_")
            #expect(key.environment == (key.section == "redis" ? name : "CISTERN_" + name))
        }
    }

    @Test func reportsTheFaultsOfAllSourcesTogether() {
        let found = Self.faults(
            #"{"htpp": {}, "http": {"port": "x", "max_value_bytes": 0}, "redis": {"dial_timout": "5s", "read_timeout": 5}}"#,
            environment: [
                "CISTERN_HTTP_PROT": "1", "REDIS_DB": "-1", "CISTERN_LOG_LEVEL": "inof", "CISTERN_AUTH_TOKENS": "[",
            ],
            flags: [ConfigurationFlag("--backend", sets: "backend", to: "reddis")])
        #expect(
            found == [
                "htpp (file c.json:1:2): is not a known key; did you mean http?",
                "redis.dial_timout (file c.json:1:69): is not a known key; did you mean dial_timeout?",
                "http.port = \"x\" (file c.json:1:31): must be an integer; it is a string",
                "redis.read_timeout = 5 (file c.json:1:106): must be 0 or at least 1ms; a bare number is nanoseconds; write 5s",
                "auth.tokens = (redacted) (environment CISTERN_AUTH_TOKENS): must be JSON: found the end of the text; expected a value",
                "log.level = inof (environment CISTERN_LOG_LEVEL): must be one of trace, debug, info, notice, warning, error, critical; did you mean info?",
                "CISTERN_HTTP_PROT (environment CISTERN_HTTP_PROT): is not a known name; did you mean CISTERN_HTTP_PORT?",
                "backend = reddis (flag --backend): must be one of auto, redis, local; did you mean redis?",
                "http.max_value_bytes = 0 (file c.json:1:55): must be 1…536870912; Redis holds at most 512 MiB",
                "redis.db = -1 (environment REDIS_DB): must be ≥ 0; Redis has 0…15",
            ])
    }

    @Test func theEnvironmentNamesTheFileAndTheFlagBeatsIt() throws {
        let others = ["e.json": #"{"key_prefix": "environment"}"#]
        let environment = ["CISTERN_CONFIG": "e.json"]
        #expect(try Self.load(environment: environment, others: others).config.keyPrefix == "environment")
        #expect(try Self.load("{}", environment: environment, others: others).file == "c.json")
        #expect(
            Self.faults(environment: ["CISTERN_CONFIG": "gone.json"]) == [
                "config = gone.json (environment CISTERN_CONFIG): must be a file that exists; there is no gone.json"
            ])
    }

    @Test func aFlatFileIsTheOneOfRedis() throws {
        let loaded = try Self.load(#"{"host": "cache", "read_timeout": "250ms"}"#)
        #expect(loaded.config.redis.host == "cache" && loaded.config.redis.readTimeout == .milliseconds(250))
        #expect(loaded.backend == .redis)
        let mixed = Self.faults(#"{"host": "cache", "http": {"port": 1}}"#)
        #expect(
            mixed == [
                "host (file c.json:1:2): must stand in \"redis\": \"http\" makes this a file with sections; move host into \"redis\""
            ])
    }

    @Test func strangersInTheEnvironment() throws {
        let loaded = try Self.load(
            environment: [
                "REDIS_PORT": "tcp://10.0.0.1:6379", "REDIS_SERVICE_HOST": "10.0.0.1",
                "CISTERN_PORT": "tcp://10.0.0.2:80",
                "CISTERN_HTTP_PORT": "tcp://10.0.0.2:80", "REDIS_PASWORD": "hunter2", "REDISCLI_AUTH": "x",
            ])
        #expect(loaded.config == ServiceConfig())
        #expect(loaded.backend == .local)
        #expect(
            loaded.warnings.map(\.description) == [
                "CISTERN_HTTP_PORT: ignored, since Kubernetes announces services with it; so are CISTERN_PORT, REDIS_PORT, REDIS_SERVICE_HOST",
                "REDIS_PASWORD: is not a known name and has no effect; did you mean REDIS_PASSWORD?",
            ])
    }

    @Test(
        arguments: [
            (nil, [:], .local, "no Redis host, port or URL is given"),
            (#"{"redis": {"db": 1}}"#, [:], .local, "no Redis host, port or URL is given"),
            (#"{"redis": {"host": "cache"}}"#, [:], .redis, "redis.host is given by file c.json:1:20"),
            (#"{"redis": {"port": 6379}}"#, [:], .redis, "redis.port is given by file c.json:1:20"),
            (#"{"redis": {"url": "redis://cache"}}"#, [:], .redis, "redis.host is given by file c.json:1:19"),
            (nil, ["REDIS_HOST": "localhost"], .redis, "redis.host is given by environment REDIS_HOST"),
            (nil, ["REDIS_URL": "unix:///a"], .redis, "redis.host is given by environment REDIS_URL"),
            (nil, ["REDIS_PASSWORD": "x"], .local, "no Redis host, port or URL is given"),
            (#"{"backend": "local"}"#, ["REDIS_HOST": "cache"], .local, "configured by file c.json:1:13"),
            (nil, ["CISTERN_BACKEND": "redis"], .redis, "configured by environment CISTERN_BACKEND"),
        ] as [(String?, [String: String], LoadedConfiguration.Backend, String)])
    func decidesForABackendAndSaysWhy(
        file: String?, environment: [String: String], backend: LoadedConfiguration.Backend, reason: String
    ) throws {
        let loaded = try Self.load(file, environment: environment)
        #expect(loaded.backend == backend)
        #expect(loaded.backendReason == reason)
        #expect(loaded.checkText.contains("backend \(backend.rawValue) (\(reason))"))
        let isIgnored = loaded.config.backend == .local && environment["REDIS_HOST"] != nil
        #expect(loaded.warnings.map(\.key) == (isIgnored ? ["redis.host"] : []))
    }

    @Test func aFlagForTheHostMeansRedis() throws {
        let loaded = try Self.load(flags: [ConfigurationFlag("--redis-host", sets: "redis.host", to: "cache")])
        #expect(loaded.backendReason == "redis.host is given by flag --redis-host")
    }
}
