package import CisternConfiguration

extension RedisConfig {
    /// What several keys ask of each other.
    static let rules: [ConfigurationRule<RedisConfig>] = [
        ConfigurationRule("username", "password") { config in
            guard !config.username.isEmpty, config.password.isEmpty else { return [] }
            return [Breach("username", "needs a password", hint: "set password too, or leave username empty")]
        },
        ConfigurationRule("tls_cert_file", "tls_key_file") { config in
            guard config.tlsCertFile.isEmpty != config.tlsKeyFile.isEmpty else { return [] }
            let missing = config.tlsCertFile.isEmpty ? "tls_cert_file" : "tls_key_file"
            let given = config.tlsCertFile.isEmpty ? "tls_key_file" : "tls_cert_file"
            return [Breach(missing, "must be given together with \(given)", hint: "set both or neither")]
        },
        ConfigurationRule("host", "tls_enabled") { config in
            guard config.tlsEnabled, config.host.utf8.first == UInt8(ascii: "/") else { return [] }
            return [Breach("tls_enabled", "must be false for a unix socket", hint: "its bytes never leave the machine")]
        },
        ConfigurationRule("min_retry_backoff", "max_retry_backoff") { config in
            guard config.minRetryBackoff > config.maxRetryBackoff else { return [] }
            let maximum = GoDuration.format(config.maxRetryBackoff)
            return [
                Breach(
                    "min_retry_backoff", "must be at most max_retry_backoff, which is \(maximum)",
                    hint: "lower it, or raise max_retry_backoff")
            ]
        },
        ConfigurationRule("min_idle_conns", "pool_size") { config in
            guard config.minIdleConns > config.poolSize else { return [] }
            return [
                Breach(
                    "min_idle_conns", "must be at most pool_size, which is \(config.poolSize)",
                    hint: "lower it, or raise pool_size")
            ]
        },
    ]

    /// What the files that a configuration names must be. These rules look at the disk; the others do not.
    package static let fileRules: [ConfigurationRule<RedisConfig>] = [
        .readable("tls_cert_file") { $0.tlsCertFile },
        .readable("tls_key_file") { $0.tlsKeyFile },
        .readable("tls_ca_file") { $0.tlsCAFile },
        tlsFiles,
    ]

    /// What is allowed and still worth a word at start.
    package var warnings: [ConfigurationWarning] {
        var warnings: [ConfigurationWarning] = []
        if tlsEnabled, tlsSkipVerify {
            let message = "the server's certificate is not verified: anyone on the way can read and change everything"
            warnings.append(ConfigurationWarning(key: "tls_skip_verify", message: message))
        }
        if !tlsEnabled {
            let settings = [
                ("tls_skip_verify", tlsSkipVerify), ("tls_cert_file", !tlsCertFile.isEmpty),
                ("tls_key_file", !tlsKeyFile.isEmpty), ("tls_ca_file", !tlsCAFile.isEmpty),
                ("tls_server_name", !tlsServerName.isEmpty),
            ]
            for (key, isSet) in settings where isSet {
                warnings.append(ConfigurationWarning(key: key, message: "has no effect while tls_enabled is false"))
            }
        }
        if idleCheckFrequency == .zero, idleTimeout > .zero || maxConnAge > .zero {
            let message = "0 keeps idle_timeout and max_conn_age from ever being looked at"
            warnings.append(ConfigurationWarning(key: "idle_check_frequency", message: message))
        }
        return warnings
    }
}
