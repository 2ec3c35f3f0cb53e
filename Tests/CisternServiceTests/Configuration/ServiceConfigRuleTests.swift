import Cistern
import CisternConfiguration
import CisternRedis
import CisternResilience
import CisternService
import Testing

@Suite struct ServiceConfigRuleTests {
    typealias Change = @Sendable (inout ServiceConfig) -> Void

    private func keysAtFault(_ change: Change) -> [String] {
        var config = ServiceConfig()
        change(&config)
        return ServiceConfig.catalog.faults(in: config).map(\.key)
    }

    private static let token = AuthTokens([AuthToken(name: "a", token: "abcdefghijkl", scopes: [.read])])

    /// Each rule just inside and just outside its edge.
    static let edges: [(String, inside: [Change], outside: [Change])] = [
        (
            "default_ttl",
            [
                { $0.defaultTTL = .seconds(1) },
                {
                    $0.defaultTTL = .seconds(1); $0.maxTTL = .seconds(1)
                },
                {
                    $0.defaultTTL = .seconds(60); $0.maxTTL = .seconds(60)
                },
            ],
            [
                { $0.defaultTTL = .milliseconds(1500) }, { $0.maxTTL = .seconds(60) },
                { $0.defaultTTL = .milliseconds(999) },
                {
                    $0.defaultTTL = .seconds(61); $0.maxTTL = .seconds(60)
                },
            ]
        ),
        ("max_ttl", [{ $0.maxTTL = .zero }], [{ $0.maxTTL = .milliseconds(1500) }, { $0.maxTTL = .seconds(-1) }]),
        (
            "http.host",
            [
                { $0.http.host = "localhost" }, { $0.http.host = "127.0.0.2" }, { $0.http.host = "[::1]" },
                { $0.http.host = "::1" }, { $0.http.host = "0:0:0:0:0:0:0:1" }, { $0.http.host = "::ffff:127.0.0.1" },
                { $0.http.host = "LocalHost" },
                {
                    $0.http.host = "0.0.0.0"; $0.auth.tokens = token
                },
                {
                    $0.http.host = "::"; $0.http.allowUnauthenticated = true
                },
            ],
            [
                { $0.http.host = "0.0.0.0" }, { $0.http.host = "::" }, { $0.http.host = "cache" },
                { $0.http.host = "" }, { $0.http.host = "/a" }, { $0.http.host = "192.0.2.1" },
                { $0.http.host = "[::]" }, { $0.http.host = "::ffff:0.0.0.0" }, { $0.http.host = "fe80::1%lo" },
                { $0.http.host = "localhost.example" }, { $0.http.host = "ip6-localhost" }, { $0.http.host = "127.1" },
                { $0.http.host = "127.0.0.1.example" },
            ]
        ),
        (
            "http.port", [{ $0.http.port = 0 }, { $0.http.port = 65535 }],
            [{ $0.http.port = -1 }, { $0.http.port = 65536 }]
        ),
        (
            "http.threads",
            [
                { $0.http.threads = 10 },
                {
                    $0.http.threads = 1024; $0.redis.poolSize = 1024
                },
            ],
            [
                { $0.http.threads = 11 }, { $0.http.threads = -1 },
                {
                    $0.http.threads = 1025; $0.redis.poolSize = 2000
                },
            ]
        ),
        (
            "http.request_timeout", [{ $0.http.requestTimeout = .milliseconds(250) }],
            [{ $0.http.requestTimeout = .zero }]
        ),
        (
            "http.max_connections", [{ $0.http.maxConnections = 1 }, { $0.http.maxConnections = 1_000_000 }],
            [{ $0.http.maxConnections = 0 }, { $0.http.maxConnections = 1_000_001 }]
        ),
        ("http.header_timeout", [{ $0.http.headerTimeout = .milliseconds(1) }], [{ $0.http.headerTimeout = .zero }]),
        ("http.idle_timeout", [{ $0.http.idleTimeout = .milliseconds(1) }], [{ $0.http.idleTimeout = .zero }]),
        (
            "http.write_stall_timeout", [{ $0.http.writeStallTimeout = .milliseconds(1) }],
            [{ $0.http.writeStallTimeout = .zero }]
        ),
        ("http.min_body_rate", [{ $0.http.minBodyRate = 1 }], [{ $0.http.minBodyRate = 0 }]),
        (
            "http.max_value_bytes",
            [
                { $0.http.maxValueBytes = 1 }, { $0.http.maxValueBytes = 64 << 20 },
                {
                    $0.http.maxValueBytes = 512 << 20; $0.localCache.maxBytes = 512 << 20;
                    $0.fallback.maxPendingBytes = 512 << 20
                },
                {
                    $0.http.maxValueBytes = 64 << 20; $0.fallback.maxPendingBytes = 1; $0.fallback.writes = .reject
                },
                {
                    $0.http.maxValueBytes = 64 << 20; $0.fallback.maxPendingBytes = 1; $0.fallback.isEnabled = false
                },
            ],
            [
                { $0.http.maxValueBytes = 0 }, { $0.localCache.maxBytes = (1 << 20) - 1 },
                { $0.fallback.maxPendingBytes = (1 << 20) - 1 },
                {
                    $0.http.maxValueBytes = (512 << 20) + 1; $0.localCache.maxBytes = 1 << 30;
                    $0.fallback.maxPendingBytes = 1 << 30
                },
            ]
        ),
        (
            "http.max_key_bytes", [{ $0.http.maxKeyBytes = 1 }, { $0.http.maxKeyBytes = 8192 }],
            [{ $0.http.maxKeyBytes = 0 }, { $0.http.maxKeyBytes = 8193 }]
        ),
        (
            "http.max_batch_bytes", [{ $0.http.maxBatchBytes = 1 }, { $0.http.maxBatchBytes = 1 << 30 }],
            [{ $0.http.maxBatchBytes = 0 }, { $0.http.maxBatchBytes = (1 << 30) + 1 }]
        ),
        (
            "http.drain_delay", [{ $0.http.drainDelay = .milliseconds(24_999) }],
            [{ $0.http.drainDelay = .seconds(25) }, { $0.http.drainDelay = .nanoseconds(1) }]
        ),
        (
            "http.shutdown_timeout", [{ $0.http.shutdownTimeout = .milliseconds(1) }],
            [{ $0.http.shutdownTimeout = .zero }]
        ),
        (
            "http.tls_cert_file",
            [
                {
                    $0.http.tlsCertFile = "c"; $0.http.tlsKeyFile = "k"
                }
            ], [{ $0.http.tlsKeyFile = "k" }]
        ),
        (
            "http.tls_key_file",
            [
                {
                    $0.http.tlsCertFile = "c"; $0.http.tlsKeyFile = "k"
                }
            ], [{ $0.http.tlsCertFile = "c" }]
        ),
        (
            "http.allowed_hosts[0]",
            [{ $0.http.allowedHosts = ["a.example", "a.example:80", "[::1]", "[::1]:65535", "10.0.0.1:1"] }],
            [
                { $0.http.allowedHosts = [""] }, { $0.http.allowedHosts = ["a:0"] },
                { $0.http.allowedHosts = ["a:65536"] },
                { $0.http.allowedHosts = ["::1"] }, { $0.http.allowedHosts = ["http://a"] },
                { $0.http.allowedHosts = ["*"] },
            ]
        ),
        (
            "http.cors_origins[0]",
            [
                { $0.http.corsOrigins = ["https://a.example", "http://localhost:3000", "http://[::1]:1"] },
                { $0.http.corsOrigins = ["*"] },
            ],
            [
                { $0.http.corsOrigins = ["*", "https://a"] }, { $0.http.corsOrigins = ["a.example"] },
                { $0.http.corsOrigins = ["https://a/"] }, { $0.http.corsOrigins = ["https://a/b"] },
                { $0.http.corsOrigins = ["https://"] }, { $0.http.corsOrigins = ["ftp://a"] },
                { $0.http.corsOrigins = ["null"] }, { $0.http.corsOrigins = [""] },
                { $0.http.corsOrigins = ["https://*.a"] }, { $0.http.corsOrigins = ["https://u@a"] },
                { $0.http.corsOrigins = ["https://a?b"] }, { $0.http.corsOrigins = ["https://a#b"] },
                { $0.http.corsOrigins = ["https://a:"] }, { $0.http.corsOrigins = ["https://a:+80"] },
                { $0.http.corsOrigins = ["https://a:080"] }, { $0.http.corsOrigins = ["https://a:65536"] },
                { $0.http.corsOrigins = ["https://::1"] }, { $0.http.corsOrigins = ["https://a\r\nX: y"] },
            ]
        ),
        (
            "circuit_breaker.max_failures", [{ $0.circuitBreaker.maxFailures = 1 }],
            [{ $0.circuitBreaker.maxFailures = 0 }]
        ),
        (
            "circuit_breaker.reset_timeout", [{ $0.circuitBreaker.resetTimeout = .milliseconds(1) }],
            [{ $0.circuitBreaker.resetTimeout = .zero }]
        ),
        (
            "circuit_breaker.check_interval", [{ $0.circuitBreaker.checkInterval = .milliseconds(1) }],
            [{ $0.circuitBreaker.checkInterval = .zero }]
        ),
        (
            "circuit_breaker.success_threshold",
            [{ $0.circuitBreaker.successThreshold = 1 }, { $0.circuitBreaker.successThreshold = 1000 }],
            [{ $0.circuitBreaker.successThreshold = 0 }, { $0.circuitBreaker.successThreshold = 1001 }]
        ),
        (
            "fallback.redis_budget", [{ $0.fallback.redisBudget = .seconds(1) }],
            [
                { $0.fallback.redisBudget = .milliseconds(1001) }, { $0.fallback.redisBudget = .zero },
                { $0.http.requestTimeout = .milliseconds(249) },
            ]
        ),
        ("fallback.max_pending", [{ $0.fallback.maxPending = 1 }], [{ $0.fallback.maxPending = 0 }]),
        (
            "fallback.max_pending_bytes", [{ $0.fallback.maxPendingBytes = 1 << 20 }],
            [{ $0.fallback.maxPendingBytes = 0 }]
        ),
        ("local_cache.max_entries", [{ $0.localCache.maxEntries = 1 }], [{ $0.localCache.maxEntries = 0 }]),
        ("local_cache.max_bytes", [{ $0.localCache.maxBytes = 1 << 20 }], [{ $0.localCache.maxBytes = 0 }]),
        ("local_cache.ttl", [{ $0.localCache.ttl = .milliseconds(1) }], [{ $0.localCache.ttl = .zero }]),
        ("redis.port", [{ $0.redis.port = 1 }], [{ $0.redis.port = 0 }]),
        ("redis.min_idle_conns", [{ $0.redis.minIdleConns = 10 }], [{ $0.redis.minIdleConns = 11 }]),
        ("key_prefix", [{ $0.keyPrefix = "app:" }], [{ $0.keyPrefix = "a\0" }]),
    ]

    @Test(arguments: edges.indices)
    func everyRuleHoldsAtBothSidesOfItsEdge(index: Int) {
        let (key, inside, outside) = Self.edges[index]
        for (place, change) in inside.enumerated() { #expect(keysAtFault(change) == [], "\(key) inside \(place)") }
        for (place, change) in outside.enumerated() { #expect(keysAtFault(change) == [key], "\(key) outside \(place)") }
    }

    @Test func everyKeyWithARuleHasAnEdge() {
        let tested = Set(Self.edges.map { $0.0.split(separator: "[")[0] }.map(String.init))
        let ruled = ServiceConfig.catalog.keys.filter { !$0.rule.isEmpty && $0.section != "redis" }.map(\.path)
        #expect(tested.isSuperset(of: ruled))
    }

    @Test func everyRuleNamesKeysThatExist() {
        let paths = Set(ServiceConfig.catalog.keys.map(\.path))
        for rule in ServiceConfig.catalog.rules + ServiceConfig.fileRules { #expect(paths.isSuperset(of: rule.keys)) }
    }

    @Test func theDefaultsAreInOrder() {
        #expect(ServiceConfig.catalog.faults(in: ServiceConfig(), more: ServiceConfig.fileRules).isEmpty)
    }

    @Test func looksAtTheFilesOfTLS() {
        var config = ServiceConfig()
        config.http.tlsCertFile = "/nonexistent/cert.pem"
        config.http.tlsKeyFile = "/"
        config.redis.tlsCAFile = "/nonexistent/ca.pem"
        #expect(ServiceConfig.catalog.faults(in: config).isEmpty)
        let found = ServiceConfig.catalog.faults(in: config, more: ServiceConfig.fileRules)
        #expect(found.map(\.key) == ["redis.tls_ca_file", "http.tls_cert_file", "http.tls_key_file"])
    }

    @Test func warnsOfAnOpenServiceAndOfUnverifiedTLS() throws {
        let loaded = try ServiceConfig.load(
            environment: [
                "CISTERN_HTTP_HOST": "0.0.0.0", "CISTERN_HTTP_ALLOW_UNAUTHENTICATED": "true",
                "REDIS_TLS_ENABLED": "true",
                "REDIS_TLS_SKIP_VERIFY": "true",
            ])
        #expect(loaded.warnings.map(\.key) == ["redis.tls_skip_verify", "http.allow_unauthenticated"])
        #expect(loaded.checkText.contains("warning: http.allow_unauthenticated: everybody who reaches 0.0.0.0"))
    }

    @Test func warnsOfEveryPageWithoutTokens() throws {
        let tokens = #"[{"name": "ci", "token": "abcdefghijkl", "scopes": ["read"]}]"#
        let open = ["CISTERN_HTTP_CORS_ORIGINS": "*"]
        #expect(try ServiceConfig.load(environment: open).warnings.map(\.key) == ["http.cors_origins"])
        for environment in [
            ["CISTERN_HTTP_CORS_ORIGINS": "*", "CISTERN_AUTH_TOKENS": tokens],
            ["CISTERN_HTTP_CORS_ORIGINS": "https://app.example"],
        ] {
            #expect(try ServiceConfig.load(environment: environment).warnings.isEmpty)
        }
    }
}
