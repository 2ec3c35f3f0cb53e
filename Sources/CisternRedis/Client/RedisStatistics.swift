public import CisternBytes
public import CisternResilience
internal import CisternSockets

/// What a client has done and how it stands. Numbers of one moment for each event loop, and for all loops together only
/// nearly so.
public struct RedisStatistics: Sendable, Hashable {
    /// The connections.
    public struct Pool: Sendable, Hashable {
        /// The most connections there may be (`pool_size`).
        public var size: Int
        /// Connections that stand.
        public var open: Int
        /// Those of them that owe no reply.
        public var idle: Int
        /// Operations that wait for a connection.
        public var waiting: Int
        /// Operations for which no connection had room within `pool_timeout`.
        public var timeouts: Int
    }

    /// The connections.
    public var pool: Pool
    /// Operations that were begun.
    public var commands: Int
    /// Further attempts at operations whose first one failed.
    public var retries: Int
    /// Operations that failed because their time was up.
    public var timeouts: Int
    /// Those of them that were not sent, since the server was too far behind to answer them in time.
    public var congested: Int
    /// Writes that the server refused because it was out of memory (`maxmemory`).
    public var outOfMemory: Int
    /// How long replies took, from the sending of their commands.
    public var roundTrip: LatencySummary
    /// Attempts to connect.
    public var dials: Int
    /// Attempts to connect that failed.
    public var dialFailures: Int
    /// Connections that failed after they had stood.
    public var connectionsLost: Int
    /// Attempts to connect after failures and losses, and how things stand.
    public var reconnection: ReconnectionManager.Statistics
    /// The breaker that guards every operation; always closed in a client without one.
    public var breaker: CircuitBreaker.Statistics
    /// The breaker that guards writes alone.
    public var writeBreaker: CircuitBreaker.Statistics
    /// What is believed of the server's health; unknown in a client that does not check.
    public var health: HealthChecker.Statistics
    /// Since when the server is not healthy or a breaker not closed, in seconds since 1970-01-01 UTC; nil while all is well.
    public var degradedSince: Int?
}

extension RedisClient {
    /// What the client has done and how it stands, from any thread without waiting.
    public var statistics: RedisStatistics {
        func sum(_ count: (RedisCounters) -> Int) -> Int { shards.reduce(0) { $0 + count($1.counters) } }
        let open = sum { $0.open.value }
        return RedisStatistics(
            pool: RedisStatistics.Pool(
                size: options.pool.size, open: open, idle: min(open, max(0, sum { $0.idle.value })),
                waiting: sum { $0.waiting.value }, timeouts: sum { $0.poolTimeouts.value }),
            commands: sum { $0.commands.value }, retries: sum { $0.retries.value },
            timeouts: sum { $0.timeouts.value }, congested: sum { $0.congested.value },
            outOfMemory: sum { $0.outOfMemory.value },
            roundTrip: LatencyHistogram.summary(of: shards.map(\.counters.roundTrips)),
            dials: sum { $0.dials.value }, dialFailures: sum { $0.dialFailures.value },
            connectionsLost: sum { $0.connectionsLost.value },
            reconnection: reconnection.statistics, breaker: guarding?.breaker.statistics ?? .closed,
            writeBreaker: guarding?.writeBreaker.statistics ?? .closed,
            health: guarding?.health.statistics ?? .unknown, degradedSince: guarding?.degradedSince)
    }

    /// Whether every event loop has a connection that takes commands, so that no request misses one.
    package var isConnected: Bool { shards.allSatisfy { $0.counters.usable.value > 0 } }

    /// What the last attempt to connect failed of; nil when it succeeded.
    package var lastFailure: RedisError.Kind? { (reconnection.lastError as? RedisError)?.kind }
}
