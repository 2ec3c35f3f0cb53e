public import CisternConfiguration

extension RedisConfig {
    /// Reads a JSON file whose top-level keys are those of Redis, such as `{"host": "cache", "read_timeout": "250ms"}`.
    ///
    /// - Throws: Every fault at once: what does not parse, unknown keys, and broken rules.
    public init(contentsOf path: String) throws(ConfigurationFaults) {
        var resolver = ConfigurationResolver(Self.catalog)
        resolver.read(file: path, namedBy: .file(path))
        self = try resolver.finish()
    }

    /// Reads the names that begin with `REDIS_`, `REDIS_URL` and `REDIS_PASSWORD_FILE` among them. A single setting
    /// beats the URL. Unknown names are left alone.
    ///
    /// - Throws: Every fault at once.
    public init(environment: [String: String]) throws(ConfigurationFaults) {
        var resolver = ConfigurationResolver(Self.catalog)
        resolver.read(environment: environment, families: [.init("REDIS_", isOurs: false)])
        self = try resolver.finish()
    }

    /// Reads a URL: `redis://user:password@host:6379/2?read_timeout=250ms`. `rediss://` means TLS; `valkey://`,
    /// `valkeys://` and `unix:///path` are known as well. Options are called like the keys of the file.
    ///
    /// - Throws: Every fault at once. None of them shows the URL, since there may be a password in it.
    public init(url: String) throws(ConfigurationFaults) {
        var resolver = ConfigurationResolver(Self.catalog)
        if let expansion = Self.catalog.expansion("url") { resolver.assign(expansion, url, from: .url) }
        self = try resolver.finish()
    }
}
