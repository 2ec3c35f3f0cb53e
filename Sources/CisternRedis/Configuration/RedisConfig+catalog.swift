package import CisternConfiguration

extension RedisConfig {
    /// The one list of RedisConfig's keys.
    package static let catalog = ConfigurationCatalog(
        title: "Redis configuration", defaults: RedisConfig(),
        keys: serverKeys + timeoutKeys + tlsKeys + retryKeys + poolKeys,
        expansions: [url, passwordFile], rules: rules)

    private typealias Key = ConfigurationKey<RedisConfig>
    private static let prefix = "REDIS_"

    private static let serverKeys: [Key] = [
        Key(
            "host", \.host, prefix: prefix,
            rule: ValueRule("a name, an IPv4 or IPv6 address, or the path of a unix socket") { host in
                HostName.objection(to: host, allowsPath: true).map { [$0] } ?? []
            },
            "The server."),
        Key("port", \.port, prefix: prefix, rule: .range(1...65535), hint: "Redis listens on 6379", "Its TCP port."),
        Key("username", \.username, prefix: prefix, "The ACL user. Needs a password."),
        Key("password", \.password, prefix: prefix, secret: true, "The password."),
        Key("db", \.db, prefix: prefix, rule: .atLeast(0), hint: "Redis has 0…15", "The number of the database."),
    ]

    private static let timeoutKeys: [Key] = [
        Key(
            "dial_timeout", \.dialTimeout, prefix: prefix, rule: .positive, hint: "the default is 5s",
            "How long connecting may take, TLS and authentication included."),
        Key(
            "read_timeout", \.readTimeout, prefix: prefix, rule: .positive, hint: "the default is 3s",
            "How long a reply may take."),
        Key(
            "write_timeout", \.writeTimeout, prefix: prefix, rule: .positive, hint: "the default is 3s",
            "How long writing a command may take."),
    ]

    private static let tlsKeys: [Key] = [
        Key("tls_enabled", \.tlsEnabled, prefix: prefix, "Whether the connection is encrypted."),
        Key(
            "tls_skip_verify", \.tlsSkipVerify, prefix: prefix,
            "Takes any certificate. For tests: it is warned of at start and shown by `/health`."),
        Key("tls_cert_file", \.tlsCertFile, prefix: prefix, "The client's certificate (PEM). Together with the key."),
        Key("tls_key_file", \.tlsKeyFile, prefix: prefix, "The client's key (PEM). Together with the certificate."),
        Key("tls_ca_file", \.tlsCAFile, prefix: prefix, "The trusted authorities (PEM). Empty: the system's."),
        Key(
            "tls_server_name", \.tlsServerName, prefix: prefix,
            rule: ValueRule("a name or an address") { name in
                name.isEmpty ? [] : HostName.objection(to: name).map { [$0] } ?? []
            },
            "The name in the server's certificate. Empty: the host."),
    ]

    private static let retryKeys: [Key] = [
        Key(
            "max_retries", \.maxRetries, prefix: prefix, rule: .atLeast(0), hint: "0 means none",
            "How often a command is tried again. 0: never."),
        Key(
            "min_retry_backoff", \.minRetryBackoff, prefix: prefix, rule: .positive, hint: "the default is 1s",
            "The shortest pause before another attempt. At most `max_retry_backoff`."),
        Key(
            "max_retry_backoff", \.maxRetryBackoff, prefix: prefix, rule: .positive, hint: "the default is 3s",
            "The longest pause before another attempt."),
    ]

    private static let poolKeys: [Key] = [
        Key(
            "pool_size", \.poolSize, prefix: prefix, rule: .range(1...10000), unit: "connections",
            hint: "the default is 10", "The most connections there are at once."),
        Key(
            "min_idle_conns", \.minIdleConns, prefix: prefix, rule: .range(0...10000), unit: "connections",
            hint: "the default is 5", "How many are opened ahead. At most `pool_size`."),
        Key(
            "pool_timeout", \.poolTimeout, prefix: prefix, rule: .positive, hint: "the default is 4s",
            "How long an operation waits for a connection."),
        Key(
            "max_conn_age", \.maxConnAge, prefix: prefix, rule: .zeroIsOff,
            "The age at which a connection is replaced."),
        Key(
            "idle_timeout", \.idleTimeout, prefix: prefix, rule: .zeroIsOff,
            "How long a connection may be unused before it is closed."),
        Key(
            "idle_check_frequency", \.idleCheckFrequency, prefix: prefix, rule: .zeroIsOff,
            "How often unused and old connections are looked for."),
        Key(
            "health_check_interval", \.healthCheckInterval, prefix: prefix, rule: .positive, hint: "the default is 30s",
            "The pause between two pings."),
    ]

    private static let url = ConfigurationExpansion(
        path: "url", environment: "REDIS_URL",
        "Host, port, database, user, password and options in one, as redis://, rediss://, valkey:// or unix://."
    ) { text, _ in RedisURL.expand(text) }

    private static let passwordFile = ConfigurationExpansion(
        path: nil, environment: "REDIS_PASSWORD_FILE", excludes: "password", "A file that holds the password."
    ) { path, files in
        var expanded = ConfigurationExpansion.Expanded()
        do throws(Objections) {
            var bytes = try files.read(path)
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            guard let password = String(validating: bytes, as: UTF8.self), !password.isEmpty else {
                throw Objections("must name a file with a password in UTF-8", hint: "\(path.printable) holds none")
            }
            expanded.settings = [("password", password)]
        } catch {
            expanded.objections = error.list
        }
        return expanded
    }
}
