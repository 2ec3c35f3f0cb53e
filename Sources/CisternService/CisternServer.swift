internal import CLinux
internal import Cistern
internal import CisternBytes
internal import CisternHTTP
internal import CisternRedis
package import CisternSockets
internal import CisternStore
internal import Glibc
package import Logging

/// The whole service: loops, backend and HTTP server, put together from one configuration.
package final class CisternServer: Sendable {
    private let service: CacheService
    private let http: HTTPServer
    private let group: EventLoopGroup
    private let redis: HybridRedisClient?
    /// Held here as well as in the backend, whose enum hides its pointers from leak checkers in tag bits.
    private let store: LocalStore?
    private let config: ServiceConfig
    private let logger: Logger

    /// Puts the service together; nothing listens and nothing connects yet.
    ///
    /// - Throws: `ConfigurationFaults` when a file that the configuration names cannot be used.
    package init(_ loaded: LoadedConfiguration, version: String, logger: Logger) throws {
        config = loaded.config
        self.logger = logger
        let isRedis = loaded.backend == .redis
        let threads = Self.threads(config, isRedis: isRedis)
        group = try EventLoopGroup(count: threads)
        let backend: Backend
        if isRedis {
            let client = try HybridRedisClient(
                config.redis, fallback: config.fallback, breaker: config.circuitBreaker, cache: config.localCopies,
                group: group, logger: logger)
            redis = client
            store = nil
            backend = .redis(client)
        } else {
            redis = nil
            let local = LocalStore(config)
            store = local
            backend = .local(local)
        }
        let counters = HTTPServerCounters(loops: threads)
        service = CacheService(config, hash: loaded.hash, backend: backend, http: counters, version: version)
        var options = HTTPServerOptions()
        options.host = config.http.host
        options.port = UInt16(clamping: config.http.port)
        options.maximumConnections = DescriptorLimit.raise(
            connections: config.http.maxConnections, others: config.redis.poolSize + 64, logger: logger)
        options.headerTimeout = config.http.headerTimeout
        options.idleTimeout = config.http.idleTimeout
        options.writeStallTimeout = config.http.writeStallTimeout
        options.minimumBodyRate = config.http.minBodyRate
        http = HTTPServer(options, group: group, handler: service, counters: counters)
    }

    /// As many loops as cores may be used, and never more than Redis connections, of which each loop has its own.
    private static func threads(_ config: ServiceConfig, isRedis: Bool) -> Int {
        let wanted = config.http.threads == 0 ? max(1, Int(cistern_usable_cores())) : config.http.threads
        return isRedis ? min(wanted, config.redis.poolSize) : wanted
    }

    /// Connects to Redis in the background and listens. The result is where.
    package func start() async throws(SocketError) -> SocketAddress {
        await redis?.start()
        return try await http.start()
    }

    /// From the next request on these are the tokens. An empty list lets nobody in: it does not open a service that has
    /// asked for tokens.
    package func replaceTokens(_ tokens: AuthTokens) {
        service.access.replace(tokens)
    }

    /// Ends in good order: not ready, then for `drain_delay` as before, then every request in progress is answered and
    /// its connection closed, all within `shutdown_timeout`.
    package func shutDown() async {
        service.beginDraining()
        if config.http.drainDelay > .zero { try? await Task.sleep(for: config.http.drainDelay) }
        let end = MonotonicTime.now + (config.http.shutdownTimeout - config.http.drainDelay)
        await http.shutDown(within: end.since(.now))
        if let redis { await flush(redis, until: end) }
        await redis?.close()
        await group.stop()
    }

    /// Gives kept writes to Redis, as long as there is time: they end with the process.
    private func flush(_ redis: HybridRedisClient, until end: MonotonicTime) async {
        let pending = redis.statistics.pending.entries
        guard pending > 0 else { return }
        logger.notice("waiting for Redis to take the kept writes", metadata: ["pending": "\(pending)"])
        let lost = await redis.flush(within: end.since(.now))
        if lost > 0 { logger.error("kept writes are lost: Redis did not come back", metadata: ["lost": "\(lost)"]) }
    }
}

extension ServiceConfig {
    /// How many copies are kept of what Redis holds.
    fileprivate var localCopies: LocalCopiesConfig {
        LocalCopiesConfig(
            maxEntries: localCache.maxEntries, maxBytes: localCache.maxBytes, ttl: localCache.ttl,
            largestValue: http.maxValueBytes)
    }
}
