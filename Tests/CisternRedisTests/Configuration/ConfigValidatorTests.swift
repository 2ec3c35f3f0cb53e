import Cistern
import CisternConfiguration
import CisternRedis
import Testing

@Suite struct ConfigValidatorTests {
    typealias Change = @Sendable (inout RedisConfig) -> Void

    private func faults(_ change: Change) -> [ConfigurationFault] {
        var config = RedisConfig()
        change(&config)
        do throws(ConfigurationFaults) {
            try ConfigValidator().validate(config)
            return []
        } catch {
            return error.faults
        }
    }

    /// Each rule just inside and just outside its edge.
    static let edges: [(String, inside: [Change], outside: [Change])] = [
        (
            "host",
            [{ $0.host = "cache" }, { $0.host = "::1" }, { $0.host = "[::1]" }, { $0.host = "/run/redis.sock" }],
            [{ $0.host = "" }, { $0.host = "cache:6379" }, { $0.host = "[::1" }, { $0.host = "redis://cache" }]
        ),
        ("port", [{ $0.port = 1 }, { $0.port = 65535 }], [{ $0.port = 0 }, { $0.port = 65536 }, { $0.port = -1 }]),
        (
            "username",
            [
                {
                    $0.username = "app"; $0.password = "x"
                }, { $0.password = "x" },
            ], [{ $0.username = "app" }]
        ),
        ("db", [{ $0.db = 0 }, { $0.db = 1000 }], [{ $0.db = -1 }]),
        (
            "dial_timeout", [{ $0.dialTimeout = .milliseconds(1) }],
            [{ $0.dialTimeout = .zero }, { $0.dialTimeout = .microseconds(999) }]
        ),
        (
            "read_timeout", [{ $0.readTimeout = .milliseconds(1) }],
            [{ $0.readTimeout = .zero }, { $0.readTimeout = .seconds(-1) }]
        ),
        ("write_timeout", [{ $0.writeTimeout = .milliseconds(1) }], [{ $0.writeTimeout = .zero }]),
        (
            "tls_enabled", [{ $0.tlsEnabled = true }, { $0.host = "/a" }],
            [
                {
                    $0.tlsEnabled = true; $0.host = "/run/redis.sock"
                }
            ]
        ),
        (
            "tls_cert_file",
            [
                {
                    $0.tlsCertFile = "c"; $0.tlsKeyFile = "k"
                }
            ],
            [
                { $0.tlsKeyFile = "k" },
                {
                    $0.tlsCertFile = "a\0"; $0.tlsKeyFile = "k"
                },
            ]
        ),
        (
            "tls_key_file",
            [
                {
                    $0.tlsCertFile = "c"; $0.tlsKeyFile = "k"
                }
            ], [{ $0.tlsCertFile = "c" }]
        ),
        (
            "tls_server_name", [{ $0.tlsServerName = "a.example" }, { $0.tlsServerName = "" }],
            [{ $0.tlsServerName = "a b" }, { $0.tlsServerName = "/a" }]
        ),
        ("max_retries", [{ $0.maxRetries = 0 }], [{ $0.maxRetries = -1 }]),
        (
            "min_retry_backoff", [{ $0.minRetryBackoff = .milliseconds(1) }, { $0.minRetryBackoff = .seconds(3) }],
            [
                { $0.minRetryBackoff = .zero }, { $0.minRetryBackoff = .milliseconds(3001) },
                { $0.maxRetryBackoff = .milliseconds(999) },
            ]
        ),
        ("max_retry_backoff", [{ $0.maxRetryBackoff = .seconds(1) }], [{ $0.maxRetryBackoff = .zero }]),
        (
            "pool_size",
            [
                {
                    $0.poolSize = 1; $0.minIdleConns = 1
                }, { $0.poolSize = 10000 },
            ],
            [{ $0.poolSize = 0 }, { $0.poolSize = 10001 }]
        ),
        (
            "min_idle_conns", [{ $0.minIdleConns = 0 }, { $0.minIdleConns = 10 }, { $0.poolSize = 5 }],
            [{ $0.minIdleConns = -1 }, { $0.minIdleConns = 11 }, { $0.poolSize = 4 }]
        ),
        ("pool_timeout", [{ $0.poolTimeout = .milliseconds(1) }], [{ $0.poolTimeout = .zero }]),
        (
            "max_conn_age", [{ $0.maxConnAge = .zero }, { $0.maxConnAge = .milliseconds(1) }],
            [{ $0.maxConnAge = .nanoseconds(5) }]
        ),
        ("idle_timeout", [{ $0.idleTimeout = .zero }], [{ $0.idleTimeout = .seconds(-1) }]),
        ("idle_check_frequency", [{ $0.idleCheckFrequency = .zero }], [{ $0.idleCheckFrequency = .nanoseconds(1) }]),
        (
            "health_check_interval", [{ $0.healthCheckInterval = .milliseconds(1) }],
            [{ $0.healthCheckInterval = .zero }]
        ),
    ]

    @Test(arguments: edges.indices)
    func everyRuleHoldsAtBothSidesOfItsEdge(index: Int) {
        let (key, inside, outside) = Self.edges[index]
        for change in inside { #expect(faults(change).isEmpty) }
        for change in outside {
            let found = faults(change)
            #expect(found.map(\.key) == [key])
            #expect(found.allSatisfy { !$0.rule.isEmpty })
        }
    }

    @Test func everyKeyButFreeOnesHasAnEdge() {
        let free: Set = ["password", "tls_skip_verify", "tls_ca_file"]
        #expect(Set(Self.edges.map(\.0)).union(free) == Set(RedisConfig.catalog.keys.map(\.path)))
    }

    @Test func everyRuleNamesKeysThatExist() {
        let paths = Set(RedisConfig.catalog.keys.map(\.path))
        for rule in RedisConfig.catalog.rules + RedisConfig.fileRules { #expect(paths.isSuperset(of: rule.keys)) }
    }

    @Test func reportsSevenFaultsAtOnce() throws {
        let found = faults {
            $0.host = ""
            $0.port = 0
            $0.username = "app"
            $0.readTimeout = .zero
            $0.tlsCertFile = "c.pem"
            $0.minRetryBackoff = .seconds(4)
            $0.minIdleConns = 11
        }
        #expect(
            found.map(\.description) == [
                "host = \"\" (program): must not be empty; name a host or an address",
                "port = 0 (program): must be 1…65535; Redis listens on 6379",
                "read_timeout = 0s (program): must be > 0; the default is 3s",
                "username = app (program): needs a password; set password too, or leave username empty",
                "tls_key_file = \"\" (default): must be given together with tls_cert_file; set both or neither",
                "min_retry_backoff = 4s (program): must be at most max_retry_backoff, which is 3s; lower it, or raise max_retry_backoff",
                "min_idle_conns = 11 (program): must be at most pool_size, which is 10; lower it, or raise pool_size",
            ])
    }

    @Test func theExampleOfTheDocumentation() {
        var wrong = RedisConfig()
        wrong.host = ""
        wrong.port = 0
        do throws(ConfigurationFaults) {
            try ConfigValidator().validate(wrong)
            Issue.record("an empty host is no fault")
        } catch {
            #expect(error.faults.map(\.key) == ["host", "port"])
            for fault in error.faults { #expect(!fault.rule.isEmpty && !fault.hint.isEmpty) }
        }
    }

    @Test func looksAtFilesOnRequestOnly() throws {
        var config = RedisConfig()
        config.tlsCAFile = "/nonexistent/ca.pem"
        config.tlsCertFile = "/"
        config.tlsKeyFile = RedisConfigTests.configuration + "/redis.json"
        try ConfigValidator().validate(config)
        let error = #expect(throws: ConfigurationFaults.self) { try ConfigValidator().validateWithFiles(config) }
        #expect(error?.faults.map(\.key) == ["tls_cert_file", "tls_ca_file"])
        try ConfigValidator().validateWithFiles(RedisConfig())
    }
}
