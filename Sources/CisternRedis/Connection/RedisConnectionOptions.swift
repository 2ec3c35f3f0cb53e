internal import CisternResilience

/// How to connect to Redis: what ``RedisConfig`` comes to when a connection is made (the seed's `ToRedisOptions`).
public struct RedisConnectionOptions: Sendable {
    /// The caps on the steps of an operation. Each draws on the operation's one deadline and never adds to it.
    public struct Timeouts: Sendable, Hashable {
        /// For resolving, connecting, TLS and setting up, together.
        public var dial: Duration
        /// A connection that owes a reply and sends nothing for this long is closed.
        public var read: Duration
        /// A connection that takes no output for this long is closed.
        public var write: Duration
        /// For waiting until a connection can take a command.
        public var pool: Duration
    }

    /// How connections are kept.
    public struct Pool: Sendable, Hashable {
        /// The most connections, over all event loops.
        public var size: Int
        /// Connections opened at start and kept open.
        public var minimumIdle: Int
        /// A connection older than this is replaced; zero means never.
        public var maximumAge: Duration
        /// A connection unused for this long is closed, down to `minimumIdle`; zero means never.
        public var idleTimeout: Duration
        /// How often ages and idle times are looked at; zero means never.
        public var idleCheckFrequency: Duration
    }

    /// How the connection is secured.
    public struct TLS: Sendable, Hashable {
        /// The name that the certificate must show, and SNI; empty for the host's.
        public var serverName: String
        /// Whether the certificate and the name are not looked at.
        public var skipsVerification: Bool
        /// The client's certificate chain, PEM; empty for none.
        public var certificateFile: String
        /// The client's private key, PEM; empty for none.
        public var keyFile: String
        /// The authorities to trust, PEM; empty for the system's.
        public var caFile: String
    }

    /// The server's name or address, or the path of its unix socket.
    public var host: String
    /// The server's port. Not used with a unix socket.
    public var port: UInt16
    /// The ACL user; empty for the default one.
    public var username: String
    /// The password; empty for none. A secret: `description` does not show it.
    public var password: String
    /// The database to select.
    public var database: Int
    /// TLS, where it is wanted.
    public var tls: TLS?
    /// The caps on the steps of an operation.
    public var timeouts: Timeouts
    /// Retries of an operation, after the first attempt.
    public var maximumRetries: Int
    /// The shortest and the longest wait before a retry or a reconnection.
    public var retryBackoff: ClosedRange<Duration>

    var backoff: Backoff { Backoff(minimum: retryBackoff.lowerBound, maximum: retryBackoff.upperBound) }
    /// How connections are kept.
    public var pool: Pool

    /// Where it connects to: `host:port`, `[address]:port` or `unix:/path`.
    public var address: String {
        if host.hasPrefix("/") { return "unix:\(host)" }
        return host.contains(":") && !host.hasPrefix("[") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

extension RedisConnectionOptions: CustomStringConvertible, CustomReflectable {
    /// The address, database and user, without the password.
    public var description: String {
        "\(tls == nil ? "redis" : "rediss")://\(username.isEmpty ? "" : "\(username)@")\(address)/\(database)"
    }

    /// No children, so that `dump` shows no secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
