internal import CLinux
internal import Cistern
internal import CisternBytes
package import CisternConfiguration
internal import CisternHTTP
internal import CisternLocks
package import CisternSockets
internal import CisternStore
internal import Glibc
package import Logging

/// The whole service: loops, backend and HTTP server, put together from one configuration.
package final class CisternServer: Sendable {
    let state: ServiceState
    private let http: HTTPServer
    private let group: EventLoopGroup
    private let redis: HybridRedisClient?
    /// Held here as well as in the backend, whose enum hides its pointers from leak checkers in tag bits.
    private let store: LocalStore?
    /// What holds at the moment.
    private let running: Locked<Running>
    private let logger: Logger
    /// The largest value that the stores in memory have room for, as they were laid out at the start, in bytes.
    private let largestValue: Int

    private struct Running {
        var configuration: LoadedConfiguration
        var tls: TLSContext?
    }

    /// Puts the service together; nothing listens and nothing connects yet.
    ///
    /// - Throws: `ConfigurationFaults` when a file that the configuration names cannot be used.
    package init(_ loaded: LoadedConfiguration, version: String, logger: Logger) throws {
        let config = loaded.config
        let tls = try Self.tlsContext(loaded)
        running = Locked(Running(configuration: loaded, tls: tls))
        self.logger = logger
        largestValue = config.largestStoredValue
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
        let state = ServiceState(backend: backend, http: counters, version: version)
        self.state = state
        http = HTTPServer(Self.options(config, tls, logger), group: group, counters: counters) {
            CacheService(loaded, state)
        }
    }

    /// Reads certificate and key of a configuration.
    private static func tlsContext(_ loaded: LoadedConfiguration) throws(ConfigurationFaults) -> TLSContext? {
        do throws(TLSError) {
            return try loaded.config.http.tlsContext()
        } catch {
            let breach = error.httpBreach
            let source = (loaded.sources[breach.key] ?? .standard).description
            throw ConfigurationFaults([
                ConfigurationFault(key: breach.key, source: source, rule: breach.rule, hint: breach.hint)
            ])
        }
    }

    private static func options(_ config: ServiceConfig, _ tls: TLSContext?, _ logger: Logger) -> HTTPServerOptions {
        var options = HTTPServerOptions()
        options.host = config.http.host
        options.port = UInt16(clamping: config.http.port)
        options.tls = tls
        options.maximumConnections = DescriptorLimit.raise(
            connections: config.http.maxConnections, others: config.redis.poolSize + 64, logger: logger)
        options.headerTimeout = config.http.headerTimeout
        options.idleTimeout = config.http.idleTimeout
        options.writeStallTimeout = config.http.writeStallTimeout
        options.minimumBodyRate = config.http.minBodyRate
        return options
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

    /// Takes over from another configuration what can change while the service runs: every key that is live. Requests and
    /// connections that begin after this returns are under it; certificate and key are read again even when their names are
    /// the same. To be called by one task at a time.
    ///
    /// - Throws: What is wrong. Then everything is as it was.
    package func apply(_ next: LoadedConfiguration) async throws(ConfigurationFaults) -> ConfigurationReload {
        let before = running.withLock { $0 }
        var reload = try before.configuration.reload(next, largestValue: largestValue)
        let loaded = reload.configuration
        let tls = try Self.tlsContext(loaded)
        if let tls, let old = before.tls, !tls.presentsCertificate(of: old) { reload.hasNewCertificate = true }
        running.withLock { $0 = Running(configuration: loaded, tls: tls) }
        let state = state
        // A new service for every loop: with its limits, its hosts, and whatever else it makes of the configuration.
        await http.apply(Self.options(loaded.config, tls, logger)) { CacheService(loaded, state) }
        return reload
    }

    /// Ends in good order: not ready, then for `drain_delay` as before, then every request in progress is answered and
    /// its connection closed, all within `shutdown_timeout`.
    package func shutDown() async {
        state.beginDraining()
        http.announceEnd()
        let config = running.withLock { $0.configuration.config }
        if config.http.drainDelay > .zero { try? await Task.sleep(for: config.http.drainDelay) }
        let end = MonotonicTime.now + (config.http.shutdownTimeout - config.http.drainDelay)
        await http.shutDown(within: end.since(.now))
        if let redis { await flush(redis, until: end) }
        await redis?.close()
        await group.stop()
        // The last lines of the access log, as long as somebody takes them.
        while !state.output.isIdle, .now < end { try? await Task.sleep(for: .milliseconds(5)) }
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
    /// The largest value that stores which are laid out by this configuration have room for: that of the configuration at
    /// least, and then as much as a shard has beside the longest key that a request can name.
    fileprivate var largestStoredValue: Int {
        let room = LocalCache.largestValue(
            entries: localCache.maxEntries, bytes: localCache.maxBytes, largestEntry: http.maxValueBytes,
            keyBytes: keyPrefix.utf8.count + 8192)
        return max(http.maxValueBytes, room)
    }

    /// How many copies are kept of what Redis holds.
    fileprivate var localCopies: LocalCopiesConfig {
        LocalCopiesConfig(
            maxEntries: localCache.maxEntries, maxBytes: localCache.maxBytes, ttl: localCache.ttl,
            largestValue: http.maxValueBytes)
    }
}
