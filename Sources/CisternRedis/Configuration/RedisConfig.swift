/// How Redis is reached, and how patiently. `RedisConfig()` holds the numbers of Plan v39.
///
/// A configuration is a plain value: set what differs from the defaults, and let ``ConfigValidator`` find what is wrong
/// with it. In files and in the environment a key is called like its property in snake case, `read_timeout` and
/// `REDIS_READ_TIMEOUT`, and durations are Go's, such as `250ms`. Printing one never shows the password.
public struct RedisConfig: Sendable, Hashable {
    // MARK: Server

    /// A name, an IPv4 address, an IPv6 address with or without brackets, or the path of a unix socket.
    public var host = "localhost"
    /// The TCP port, 1…65535. Not used with a unix socket.
    public var port = 6379
    /// The ACL user; empty for the default user. Needs a password.
    public var username = ""
    /// The password; empty for none. Never printed.
    public var password = ""
    /// The number of the database, ≥ 0.
    public var db = 0

    // MARK: Timeouts

    /// How long connecting may take, TLS and authentication included; more than zero.
    public var dialTimeout: Duration = .seconds(5)
    /// How long a reply may take; more than zero.
    public var readTimeout: Duration = .seconds(3)
    /// How long writing a command may take; more than zero.
    public var writeTimeout: Duration = .seconds(3)

    // MARK: TLS

    /// Whether the connection is encrypted.
    public var tlsEnabled = false
    /// Whether the server's certificate is taken without verification. For tests only: it is warned of.
    public var tlsSkipVerify = false
    /// The client's certificate, as a path to PEM; empty for none. Given together with the key.
    public var tlsCertFile = ""
    /// The client's private key, as a path to PEM; empty for none. Given together with the certificate.
    public var tlsKeyFile = ""
    /// The authorities that are trusted, as a path to PEM; empty for the system's.
    public var tlsCAFile = ""
    /// The name that the server's certificate must have; empty for ``host``.
    public var tlsServerName = ""

    // MARK: Retries

    /// How often a command is tried again, ≥ 0; 0 means never.
    public var maxRetries = 3
    /// The shortest pause before another attempt; more than zero, at most ``maxRetryBackoff``.
    public var minRetryBackoff: Duration = .seconds(1)
    /// The longest pause before another attempt.
    public var maxRetryBackoff: Duration = .seconds(3)

    // MARK: Pool

    /// The most connections there are at once, 1…10000.
    public var poolSize = 10
    /// How many connections are opened ahead, 0…``poolSize``.
    public var minIdleConns = 5
    /// How long an operation waits for a connection; more than zero.
    public var poolTimeout: Duration = .seconds(4)
    /// The age at which a connection is replaced; zero for never.
    public var maxConnAge: Duration = .zero
    /// How long a connection may be unused before it is closed; zero for ever.
    public var idleTimeout: Duration = .seconds(300)
    /// How often unused connections are looked for; zero for never.
    public var idleCheckFrequency: Duration = .seconds(60)

    // MARK: Health

    /// The pause between two pings; more than zero.
    public var healthCheckInterval: Duration = .seconds(30)

    /// The defaults of Plan v39.
    public init() {}
}
