internal import Cistern
internal import CisternJSON
internal import CisternRedis
internal import CisternResilience
internal import CisternStore

/// The part of `/stats` that is about Redis, and what stands in for it.
extension CacheService {
    static func write(_ statistics: HybridStatistics, _ json: inout JSONWriter) {
        json.key("redis")
        json.object { write(statistics.redis, &$0) }
        json.key("breaker")
        json.object { write(statistics.redis.breaker, &$0) }
        json.key("write_breaker")
        json.object { write(statistics.redis.writeBreaker, &$0) }
        json.key("health")
        json.object { write(statistics.redis.health, &$0) }
        json.key("fallback")
        json.object { json in
            json.field("hits", statistics.fallback.hits)
            json.field("misses", statistics.fallback.misses)
            json.field("writes", statistics.fallback.writes)
        }
        json.key("pending")
        json.object { json in
            json.field("entries", statistics.pending.entries)
            json.field("bytes", statistics.pending.bytes)
            json.field("replayed", statistics.pending.replayed)
            json.field("conflicts", statistics.pending.conflicts)
            json.field("superseded", statistics.pending.superseded)
        }
        json.key("local_cache")
        json.object { write(statistics.copies, &$0) }
    }

    private static func write(_ statistics: RedisStatistics, _ json: inout JSONWriter) {
        json.key("pool")
        json.object { json in
            json.field("size", statistics.pool.size)
            json.field("open", statistics.pool.open)
            json.field("idle", statistics.pool.idle)
            json.field("waiting", statistics.pool.waiting)
            json.field("timeouts", statistics.pool.timeouts)
        }
        json.field("commands", statistics.commands)
        json.field("retries", statistics.retries)
        json.field("timeouts", statistics.timeouts)
        json.field("dials", statistics.dials)
        json.field("dial_failures", statistics.dialFailures)
        json.field("connections_lost", statistics.connectionsLost)
        json.field("reconnects", statistics.reconnection.reconnections)
        json.field("reconnection", statistics.reconnection.state.rawValue)
    }

    private static func write(_ statistics: CircuitBreaker.Statistics, _ json: inout JSONWriter) {
        json.field("state", statistics.state.rawValue)
        json.field("seconds_in_state", Int(statistics.inStateFor.components.seconds))
        json.field("consecutive_failures", statistics.consecutiveFailures)
        json.field("successes", statistics.successes)
        json.field("failures", statistics.failures)
        json.field("refusals", statistics.refusals)
        json.field("opened", statistics.opened)
        json.field("probes", statistics.probes)
    }

    private static func write(_ statistics: HealthChecker.Statistics, _ json: inout JSONWriter) {
        json.field("state", statistics.state.rawValue)
        json.field("seconds_in_state", Int(statistics.inStateFor.components.seconds))
        json.field("checks", statistics.checks)
        json.field("failures", statistics.failures)
        json.field("consecutive_failures", statistics.consecutiveFailures)
        for (name, time) in [
            ("round_trip_p50_us", statistics.roundTripP50), ("round_trip_p99_us", statistics.roundTripP99),
        ] {
            if let time { json.field(name, Int(time / .microseconds(1))) }
        }
    }

    static func write(_ statistics: LocalCache.Statistics, _ json: inout JSONWriter) {
        json.field("entries", statistics.entries)
        json.field("bytes", statistics.bytes)
        json.field("hits", statistics.hits)
        json.field("misses", statistics.misses)
        json.field("insertions", statistics.insertions)
        json.field("replacements", statistics.replacements)
        json.field("deletions", statistics.deletions)
        json.field("evictions", statistics.evictions)
        json.field("expirations", statistics.expirations)
        json.field("refusals", statistics.refusals)
    }
}
