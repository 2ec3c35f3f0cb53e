internal import CisternConfiguration
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

    /// A connected client, as the seed's `CreateClient`: it fails when Redis cannot be reached.
    ///
    /// - Throws: ``ConfigurationFaults`` when the configuration is not valid, `RedisError` when no connection could be
    ///   made within ``dialTimeout``.
    public func makeClient(logger: Logger? = nil) async throws -> RedisClient {
        let client = try await RedisClient(self, logger: logger)
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
    /// A client that connects in the background: it does not fail because Redis is down.
    ///
    /// - Throws: ``ConfigurationFaults`` when the configuration is not valid or a file it names cannot be used;
    ///   `RedisError` only when the process has no descriptor left for an event loop.
    public convenience init(_ config: RedisConfig, logger: Logger? = nil) async throws {
        try self.init(config, group: nil, logger: logger)
        await start()
    }

    /// A client that has not been started, on event loops that somebody else ends, or on one of its own.
    ///
    /// - Throws: ``ConfigurationFaults`` when the configuration is not valid, `RedisError` when the process has no
    ///   descriptor left for an event loop.
    package convenience init(_ config: RedisConfig, group: EventLoopGroup?, logger: Logger?) throws {
        try ConfigValidator().validateWithFiles(config)
        do {
            try self.init(options: config.connectionOptions, group: group, logger: logger)
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
