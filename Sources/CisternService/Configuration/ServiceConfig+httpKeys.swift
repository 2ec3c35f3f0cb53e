internal import CisternConfiguration

extension ServiceConfig {
    static let httpKeys: [Key] = [
        Key(
            "http.host", \.http.host, prefix: prefix,
            rule: ValueRule("a name, an IPv4 or IPv6 address") { HostName.objection(to: $0).map { [$0] } ?? [] },
            "Where it listens. Any address but a loopback one needs tokens."),
        Key(
            "http.port", \.http.port, prefix: prefix, rule: .range(0...65535), hint: "the default is 8080",
            "The port. 0: any free one, printed at start."),
        Key(
            "http.threads", \.http.threads, prefix: prefix, rule: .range(0...1024), hint: "0 takes one per core",
            "Event loops. 0: one per core, at most `redis.pool_size`."),
        Key(
            "http.request_timeout", \.http.requestTimeout, prefix: prefix, rule: .positive, live: true,
            hint: "the default is 1s", "How long a request may take from its last byte on."),
        Key(
            "http.max_connections", \.http.maxConnections, prefix: prefix, rule: .range(1...1_000_000),
            unit: "connections", live: true, hint: "the default is 16384", "More get 503 and are closed."),
        Key(
            "http.header_timeout", \.http.headerTimeout, prefix: prefix, rule: .positive, live: true,
            hint: "the default is 10s", "How long a request's head may take."),
        Key(
            "http.idle_timeout", \.http.idleTimeout, prefix: prefix, rule: .positive, live: true,
            hint: "the default is 60s", "How long a connection may wait for its next request."),
        Key(
            "http.write_stall_timeout", \.http.writeStallTimeout, prefix: prefix, rule: .positive, live: true,
            hint: "the default is 10s", "How long a client may take nothing of its answer."),
    ]

    static let httpLimitKeys: [Key] = [
        Key(
            "http.min_body_rate", \.http.minBodyRate, prefix: prefix, rule: .range(1...(1 << 30)), unit: "bytes/s",
            live: true, hint: "the default is 1024", "A body that comes more slowly is given up."),
        Key(
            "http.max_value_bytes", \.http.maxValueBytes, prefix: prefix, rule: .range(1...(512 << 20)), unit: "bytes",
            live: true, hint: "Redis holds at most 512 MiB", "The largest value."),
        Key(
            "http.max_key_bytes", \.http.maxKeyBytes, prefix: prefix, rule: .range(1...8192), unit: "bytes", live: true,
            hint: "a request's target has at most 8192 bytes", "The longest key."),
        Key(
            "http.max_batch_bytes", \.http.maxBatchBytes, prefix: prefix, rule: .range(1...(1 << 30)), unit: "bytes",
            live: true, hint: "the default is 8388608", "The largest batch, and the largest answer to one."),
        Key(
            "http.drain_delay", \.http.drainDelay, prefix: prefix, rule: .zeroIsOff, live: true,
            "How long it goes on after SIGTERM while it says that it is not ready. Less than `shutdown_timeout`."),
        Key(
            "http.shutdown_timeout", \.http.shutdownTimeout, prefix: prefix, rule: .positive, live: true,
            hint: "the default is 25s", "How long it may take to end after SIGTERM."),
    ]

    static let httpAccessKeys: [Key] = [
        Key(
            "http.tls_cert_file", \.http.tlsCertFile, prefix: prefix, live: true,
            "Its certificate (PEM), for HTTPS. With the key."),
        Key(
            "http.tls_key_file", \.http.tlsKeyFile, prefix: prefix, live: true,
            "Its key (PEM), for HTTPS. With the certificate."),
        Key(
            "http.allow_unauthenticated", \.http.allowUnauthenticated, prefix: prefix, live: true,
            "Whether an address that others can reach may be served without tokens."),
        Key(
            "http.allowed_hosts", \.http.allowedHosts, prefix: prefix,
            rule: .each("hosts, with or without a port") { HTTPNames.objection(toHost: $0) }, live: true,
            "The `Host`s that are served. Empty: all, or on a loopback address without tokens this machine's names."),
        Key(
            "http.cors_origins", \.http.corsOrigins, prefix: prefix,
            rule: ValueRule("origins like https://app.example, or * alone", check: HTTPNames.objections(toOrigins:)),
            live: true, "The origins whose pages may read answers (CORS). Empty: none."),
    ]
}
