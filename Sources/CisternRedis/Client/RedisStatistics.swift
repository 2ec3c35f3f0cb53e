/// What a client has done since it was made. The numbers are read one by one, each exact.
public struct RedisStatistics: Sendable, Hashable {
    /// The connections.
    public struct Pool: Sendable, Hashable {
        /// The most connections there may be.
        public internal(set) var size = 0
        /// Connections that are ready for commands.
        public internal(set) var open = 0
        /// Open connections without a command in progress.
        public internal(set) var idle = 0
        /// Operations that wait for a connection.
        public internal(set) var waiting = 0
        /// Operations that waited in vain for `pool_timeout`.
        public internal(set) var timeouts = 0
    }

    public internal(set) var pool = Pool()
    public internal(set) var commands = 0
    public internal(set) var retries = 0
    public internal(set) var timeouts = 0
    public internal(set) var dials = 0
    public internal(set) var dialFailures = 0
    public internal(set) var connectionsLost = 0
}

extension RedisClient {
    public var statistics: RedisStatistics {
        var sum = RedisStatistics()
        return sum
    }
    package var isConnected: Bool { shards.contains { $0.counters.open.value > 0 } }
}
