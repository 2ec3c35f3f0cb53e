extension RedisServerProcess {
    /// How a server differs from one that anybody may use on a plain port.
    package struct Options: Sendable {
        /// `requirepass`: the password of the default user.
        package var password: String?
        /// Lines of the ACL, without the word `user`: `alice on >secret ~* +@all`.
        package var users: [String] = []
        package var tls: TLS?
        package var maxClients: Int?
        /// In bytes.
        package var maxMemory: Int?
        /// Whether the next start finds the data of this one again: every write is in a file before it is answered.
        package var keepsData = false
        /// Further lines of `redis.conf`.
        package var lines: [String] = []

        package init() {}

        package static func password(_ password: String) -> Options {
            var options = Options()
            options.password = password
            return options
        }
    }

    package struct TLS: Sendable {
        package var certificate: String
        package var key: String
        package var authority: String
        /// Whether a client has to show a certificate of `authority`.
        package var requiresClientCertificate: Bool

        package init(certificate: String, key: String, authority: String, requiresClientCertificate: Bool = false) {
            self.certificate = certificate
            self.key = key
            self.authority = authority
            self.requiresClientCertificate = requiresClientCertificate
        }
    }

    /// The lines of `redis.conf`.
    static func configuration(_ options: Options, port: UInt16, tlsPort: UInt16, folder: String) -> String {
        var lines = [
            "bind 127.0.0.1", "port \(port)", "unixsocket \(folder)/redis.sock", "dir \(folder)", "save \"\"",
            "appendonly \(options.keepsData ? "yes" : "no")", "appendfsync no", "daemonize no",
            "enable-debug-command yes", "loglevel notice",
            "user \(controlUser) on >\(controlPassword) ~* &* +@all",
        ]
        if let password = options.password { lines.append("requirepass \"\(password)\"") }
        lines += options.users.map { "user \($0)" }
        if let tls = options.tls {
            lines += [
                "tls-port \(tlsPort)", "tls-cert-file \(tls.certificate)", "tls-key-file \(tls.key)",
                "tls-ca-cert-file \(tls.authority)",
                "tls-auth-clients \(tls.requiresClientCertificate ? "yes" : "no")",
            ]
        }
        if let maxClients = options.maxClients { lines.append("maxclients \(maxClients)") }
        if let maxMemory = options.maxMemory { lines.append("maxmemory \(maxMemory)") }
        return (lines + options.lines).joined(separator: "\n") + "\n"
    }

    /// Lines of `redis.conf` with which a start takes its time over every key that it loads, and answers LOADING.
    package static func slowLoading(perKey time: Duration) -> [String] {
        [
            "key-load-delay \(Int(time / .microseconds(1)))", "loading-process-events-interval-bytes 1024",
        ]
    }

    /// The tests' own user, so that they can look into a server whatever its passwords and users are.
    static let controlUser = "test-control"
    static let controlPassword = "control-of-the-tests"
}
