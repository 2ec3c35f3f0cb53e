package import CisternConfiguration
internal import CisternRedis

extension ServiceConfig {
    typealias Key = ConfigurationKey<ServiceConfig>

    /// What the names of the service's own keys begin with in the environment.
    static let prefix = "CISTERN_"

    /// The one list of the service's keys. From it come the reading of files, environment and flags, `config show`,
    /// the schema and the tables of the documentation.
    package static let catalog = ConfigurationCatalog(
        title: "Cistern configuration", defaults: ServiceConfig(), keys: keys,
        expansions: RedisConfig.catalog.expansions.map { $0.lifted(into: "redis") },
        rules: RedisConfig.catalog.rules.map { $0.lifted(into: "redis", \.redis) } + rules,
        sections: [
            .init("http", "The HTTP server and its limits."),
            .init("redis", "How Redis is reached."),
            .init("circuit_breaker", "When Redis is given a rest."),
            .init("fallback", "What happens while Redis is unavailable."),
            .init("local_cache", "The copies in memory, or the whole store without Redis."),
            .init("auth", "Who may do what."),
            .init("log", "What is logged, and how."),
        ],
        flatSection: "redis")

    private static let keys: [Key] =
        topKeys + httpKeys + httpLimitKeys + httpAccessKeys
        + RedisConfig.catalog.keys.map { $0.lifted(into: "redis", \.redis) }
        + circuitBreakerKeys + fallbackKeys + localCacheKeys + authKeys + logKeys
}
