internal import Cistern
package import CisternConfiguration
internal import CisternRedis

extension ServiceConfig {
    /// What several keys ask of each other.
    static let rules: [ConfigurationRule<ServiceConfig>] = [timeToLive, threads, tls, bind] + timeRules + sizeRules

    private static let timeToLive = ConfigurationRule<ServiceConfig>("default_ttl", "max_ttl") { config in
        guard config.maxTTL > .zero, config.defaultTTL == .zero || config.defaultTTL > config.maxTTL else { return [] }
        return [
            Breach(
                "default_ttl", "must be 1s…\(GoDuration.format(config.maxTTL)), since max_ttl is set",
                hint: "set both, or leave max_ttl at 0s")
        ]
    }

    private static let threads = ConfigurationRule<ServiceConfig>("http.threads", "redis.pool_size") { config in
        guard config.http.threads > config.redis.poolSize else { return [] }
        return [
            Breach(
                "http.threads", "must be at most redis.pool_size, which is \(config.redis.poolSize)",
                hint: "each thread has a connection of its own: lower it, or raise redis.pool_size")
        ]
    }

    private static let tls = ConfigurationRule<ServiceConfig>("http.tls_cert_file", "http.tls_key_file") { config in
        guard config.http.tlsCertFile.isEmpty != config.http.tlsKeyFile.isEmpty else { return [] }
        let hasKey = config.http.tlsCertFile.isEmpty
        let (missing, given) = hasKey ? ("tls_cert_file", "tls_key_file") : ("tls_key_file", "tls_cert_file")
        return [Breach("http.\(missing)", "must be given together with http.\(given)", hint: "set both or neither")]
    }

    private static let bind = ConfigurationRule<ServiceConfig>(
        "http.host", "auth.tokens", "auth.tokens_file", "http.allow_unauthenticated"
    ) { config in
        guard config.isOpen, !config.http.allowUnauthenticated else { return [] }
        return [
            Breach(
                "http.host", "must be a loopback address while there are no auth.tokens",
                hint: "configure tokens, or set http.allow_unauthenticated to true")
        ]
    }

    /// Whether others can reach the service, and nothing asks them who they are.
    private var isOpen: Bool { auth.tokens.list.isEmpty && !HostName.isLoopback(http.host) }

    private static let timeRules: [ConfigurationRule<ServiceConfig>] = [
        ConfigurationRule("fallback.redis_budget", "http.request_timeout") { config in
            guard config.fallback.redisBudget > config.http.requestTimeout else { return [] }
            let maximum = GoDuration.format(config.http.requestTimeout)
            return [
                Breach(
                    "fallback.redis_budget", "must be at most http.request_timeout, which is \(maximum)",
                    hint: "lower it, or raise http.request_timeout")
            ]
        },
        ConfigurationRule("http.drain_delay", "http.shutdown_timeout") { config in
            guard config.http.drainDelay >= config.http.shutdownTimeout else { return [] }
            let maximum = GoDuration.format(config.http.shutdownTimeout)
            return [
                Breach(
                    "http.drain_delay", "must be less than http.shutdown_timeout, which is \(maximum)",
                    hint: "lower it, or raise http.shutdown_timeout")
            ]
        },
    ]

    private static let sizeRules: [ConfigurationRule<ServiceConfig>] = [
        ConfigurationRule("http.max_value_bytes", "local_cache.max_bytes") { config in
            guard config.http.maxValueBytes > config.localCache.maxBytes else { return [] }
            return [
                Breach(
                    "http.max_value_bytes",
                    "must be at most local_cache.max_bytes, which is \(config.localCache.maxBytes)",
                    hint: "lower it, or raise local_cache.max_bytes")
            ]
        },
        ConfigurationRule(
            "http.max_value_bytes", "fallback.enabled", "fallback.writes", "fallback.max_pending_bytes"
        ) { config in
            let fallback = config.fallback
            guard fallback.isEnabled, fallback.writes == .memory, config.http.maxValueBytes > fallback.maxPendingBytes
            else {
                return []
            }
            return [
                Breach(
                    "http.max_value_bytes",
                    "must be at most fallback.max_pending_bytes, which is \(fallback.maxPendingBytes)",
                    hint: "lower it, or raise fallback.max_pending_bytes")
            ]
        },
    ]

    /// What the files that the configuration names must be. These rules look at the disk; the others do not.
    package static let fileRules: [ConfigurationRule<ServiceConfig>] =
        RedisConfig.fileRules.map { $0.lifted(into: "redis", \.redis) } + [
            .readable("http.tls_cert_file") { $0.http.tlsCertFile },
            .readable("http.tls_key_file") { $0.http.tlsKeyFile },
            tlsFiles,
        ]

    /// What is allowed and still worth a word at start.
    var warnings: [ConfigurationWarning] {
        var warnings = redis.warnings.map { ConfigurationWarning(key: "redis.\($0.key)", message: $0.message) }
        if isOpen, http.allowUnauthenticated {
            let message = "everybody who reaches \(http.host) may read and write"
            warnings.append(ConfigurationWarning(key: "http.allow_unauthenticated", message: message))
        }
        if http.corsOrigins == [CORSRules.anyOrigin], auth.tokens.list.isEmpty {
            let message = "without tokens, every web page that is opened where this can be reached may read and write"
            warnings.append(ConfigurationWarning(key: "http.cors_origins", message: message))
        }
        return warnings
    }
}
