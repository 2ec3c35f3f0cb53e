internal import Cistern
internal import CisternConfiguration
internal import CisternResilience
internal import Logging

extension ServiceConfig {
    static let topKeys: [Key] = [
        Key(
            "backend", \.backend, prefix: prefix,
            "Which store is the truth. `auto`: Redis when host, port or URL is given, else the local one."),
        Key("key_prefix", \.keyPrefix, prefix: prefix, "What every key in Redis begins with."),
        Key(
            "default_ttl", \.defaultTTL, prefix: prefix, rule: .wholeSeconds, live: true,
            "The time to live of a value that is stored without one. At most `max_ttl`."),
        Key("max_ttl", \.maxTTL, prefix: prefix, rule: .wholeSeconds, live: true, "The longest time to live."),
    ]

    static let circuitBreakerKeys: [Key] = [
        Key(
            "circuit_breaker.max_failures", \.circuitBreaker.maxFailures, prefix: prefix, rule: .atLeast(1),
            hint: "the default is 5",
            "How many failures in a row open it. So do failures of half of at least 20 within `check_interval`."
        ),
        Key(
            "circuit_breaker.reset_timeout", \.circuitBreaker.resetTimeout, prefix: prefix, rule: .positive,
            hint: "the default is 30s", "How long it stays open without a successful probe."),
        Key(
            "circuit_breaker.check_interval", \.circuitBreaker.checkInterval, prefix: prefix, rule: .positive,
            hint: "the default is 10s", "The pause between two probes, and the window of the failure rate."),
        Key(
            "circuit_breaker.success_threshold", \.circuitBreaker.successThreshold, prefix: prefix,
            rule: .range(1...1000),
            hint: "the default is 2",
            "How many successes in a row close it, and how many operations at a time it lets through on trial."),
    ]

    static let fallbackKeys: [Key] = [
        Key(
            "fallback.enabled", \.fallback.isEnabled, prefix: prefix,
            "Whether this process stands in for Redis: copies answer reads, and writes are kept."),
        Key(
            "fallback.writes", \.fallback.writes, prefix: prefix,
            "Writes while Redis is unavailable: kept in memory and replayed, or refused."),
        Key(
            "fallback.redis_budget", \.fallback.redisBudget, prefix: prefix, rule: .positive,
            hint: "the default is 250ms",
            "What Redis gets of a request's time before the fallback answers. At most `http.request_timeout`."),
        Key(
            "fallback.max_pending", \.fallback.maxPending, prefix: prefix, rule: .atLeast(1), unit: "writes",
            hint: "to keep none, set fallback.writes to reject", "How many writes are kept. More are refused."),
        Key(
            "fallback.max_pending_bytes", \.fallback.maxPendingBytes, prefix: prefix, rule: .atLeast(1), unit: "bytes",
            hint: "to keep none, set fallback.writes to reject", "How much memory they may take."),
    ]

    static let localCacheKeys: [Key] = [
        Key(
            "local_cache.max_entries", \.localCache.maxEntries, prefix: prefix, rule: .atLeast(1), unit: "entries",
            hint: "the default is 100000", "How many values it holds."),
        Key(
            "local_cache.max_bytes", \.localCache.maxBytes, prefix: prefix, rule: .atLeast(1), unit: "bytes",
            hint: "the default is 67108864", "How much memory they may take."),
        Key(
            "local_cache.ttl", \.localCache.ttl, prefix: prefix, rule: .positive, hint: "the default is 5m",
            "How long after Redis last confirmed it a copy may serve. Not applied to backend `local`."),
    ]

    static let authKeys: [Key] = [
        Key(
            "auth.tokens", \.auth.tokens, prefix: prefix, secret: true, live: true,
            "Bearer tokens of 12 characters or more, with scopes read, write, list, admin. JSON in the environment."),
        Key(
            "auth.tokens_file", \.auth.tokensFile, prefix: prefix, live: true,
            "A file with more of them, as a JSON array."),
    ]

    static let logKeys: [Key] = [
        Key("log.level", \.log.level, prefix: prefix, live: true, "The least important messages that are logged."),
        Key("log.format", \.log.format, prefix: prefix, "Lines for people, or JSON for machines."),
        Key(
            "log.access", \.log.access, prefix: prefix, live: true,
            "Whether each request is logged, on standard output, its key hashed."),
    ]
}
