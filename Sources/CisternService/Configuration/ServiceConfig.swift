package import Cistern
package import CisternRedis
package import CisternResilience

/// Everything the service can be told. `ServiceConfig()` holds the defaults.
package struct ServiceConfig: Sendable, Hashable {
    /// Which store is the truth.
    package var backend = Backend.auto
    /// What every key in Redis begins with.
    package var keyPrefix = ""
    /// The time to live of a value that is stored without one; zero for none.
    package var defaultTTL: Duration = .zero
    /// The longest time to live; zero for no limit.
    package var maxTTL: Duration = .zero

    package var http = HTTPSection()
    package var redis = RedisConfig()
    package var circuitBreaker = CircuitBreakerConfig()
    package var fallback = FallbackConfig()
    package var localCache = LocalCacheSection()
    package var auth = AuthSection()
    package var log = LogSection()

    package init() {}
}
