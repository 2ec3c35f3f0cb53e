internal import CisternConfiguration
public import CisternResilience
package import CisternSockets
public import Logging

extension RedisConfig {
    /// What this configuration comes to when a connection is made (the seed's `ToRedisOptions`).
    public var connectionOptions: RedisConnectionOptions {
        RedisConnectionOptions(
            host: host, port: UInt16(clamping: port), username: username, password: password, database: db,
            tls: tlsEnabled
                ? RedisConnectionOptions.TLS(
                    serverName: tlsServerName, skipsVerification: tlsSkipVerify, certificateFile: tlsCertFile,
                    keyFile: tlsKeyFile, caFile: tlsCAFile) : nil,
            timeouts: RedisConnectionOptions.Timeouts(
                dial: dialTimeout, read: readTimeout, write: writeTimeout, pool: poolTimeout),
            maximumRetries: maxRetries, retryBackoff: minRetryBackoff...max(minRetryBackoff, maxRetryBackoff),
            pool: RedisConnectionOptions.Pool(
                size: poolSize, minimumIdle: minIdleConns, maximumAge: maxConnAge, idleTimeout: idleTimeout,
                idleCheckFrequency: idleCheckFrequency))
    }

    /// A connected client without breaker and without checks in the background, as the seed's `CreateClient`: it fails when
    /// Redis cannot be reached.
    ///
    /// - Throws: ``ConfigurationFaults`` when the configuration is not valid, `RedisError` when no connection could be
    ///   made within ``dialTimeout``.
    public func makeClient(logger: Logger? = nil) async throws -> RedisClient {
        let client = try RedisClient(self, guardedBy: nil, group: nil, logger: logger)
        await client.start()
        do {
            try await client.ping(timeout: dialTimeout)
        } catch {
            await client.close()
            throw error
        }
        return client
    }
}

extension RedisClient {
    /// A client that connects in the background, with a circuit breaker, reconnection and health checks: it does not fail
    /// because Redis is down.
    ///
    /// - Parameter breaker: When operations are refused because Redis does not answer.
    /// - Throws: ``ConfigurationFaults`` when the configuration is not valid or a file it names cannot be used;
    ///   `RedisError` only when the process has no descriptor left for an event loop.
    public convenience init(
        _ config: RedisConfig, breaker: CircuitBreakerConfig = CircuitBreakerConfig(), logger: Logger? = nil
    ) async throws {
        try self.init(config, guardedBy: breaker, group: nil, logger: logger)
        await start()
    }

    /// A client that has not been started, on event loops that somebody else ends, or on one of its own.
    ///
    /// - Throws: ``ConfigurationFaults`` when the configuration is not valid, `RedisError` when the process has no
    ///   descriptor left for an event loop.
    package convenience init(
        _ config: RedisConfig, guardedBy breaker: CircuitBreakerConfig?, group: EventLoopGroup?, logger: Logger?
    ) throws {
        try ConfigValidator().validateWithFiles(config)
        let guardConfig = breaker.map {
            RedisGuardConfig(breaker: $0, healthCheckInterval: config.healthCheckInterval)
        }
        do {
            try self.init(options: config.connectionOptions, guardedBy: guardConfig, group: group, logger: logger)
        } catch let error as TLSError {
            let breach = error.breach
            throw ConfigurationFaults([
                ConfigurationFault(
                    key: breach.key, source: ConfigurationSource.program.description, rule: breach.rule,
                    hint: breach.hint)
            ])
        } catch let error as SocketError {
            throw ErrorHandler.classify(error, phase: .dialing)
        }
    }
}
