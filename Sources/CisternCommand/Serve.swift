internal import ArgumentParser
internal import CisternConfiguration
internal import CisternService
internal import CisternSockets
internal import Glibc
internal import Logging
internal import UnixSignals

/// `cistern serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the cache over HTTP.",
        discussion: """
            Without a Redis host, port or URL, the embedded cache serves; with one, Redis does. The first lines of the \
            log, on standard error, say which, and where it listens.

              cistern serve
              REDIS_HOST=cache.example cistern serve --port 9090
              cistern serve --config /etc/cistern.json

            SIGTERM and SIGINT end it in good order; a second one ends it at once. SIGHUP has it read its configuration and \
            its certificate again.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Option(help: "The address to listen on (http.host).") var host: String?
    @Option(help: "The port to listen on; 0 for any free one (http.port).") var port: Int?
    @Option(help: "auto, redis or local (backend).") var backend: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical (log.level).") var logLevel: String?

    func run() async throws {
        ProcessMemory.keepFreed()
        let loaded = try options.load(flags)
        let log = LogWriter(loaded.config.log)
        let logger = log.logger("cistern")
        for warning in loaded.warnings { logger.warning("\(warning)") }
        logger.info("backend \(loaded.backend.rawValue): \(loaded.backendReason)")

        // Before anything listens, so that no signal is lost.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let server = try make(loaded, logger)
        let address: SocketAddress
        do throws(SocketError) {
            address = try await server.start()
        } catch {
            let hint =
                error.code == .addressInUse
                ? "another process listens there; --port or CISTERN_HTTP_PORT takes another port"
                : "--host or CISTERN_HTTP_HOST takes another address"
            printError("cistern: \(error); \(hint)")
            throw ExitCode.unavailable
        }
        logger.notice("listening on \(loaded.config.http.scheme)://\(address)")
        let reloader = Reloader(
            server: server, file: options.file, flags: flags, level: log.level, logger: logger)
        await obey(signals, server, reloader, logger)
    }

    private var flags: [ConfigurationFlag] {
        [
            ("--host", "http.host", host), ("--port", "http.port", port.map(String.init)),
            ("--backend", "backend", backend),
            ("--log-level", "log.level", logLevel),
        ]
        .compactMap { name, key, value in value.map { ConfigurationFlag(name, sets: key, to: $0) } }
    }

    private func make(_ loaded: LoadedConfiguration, _ logger: Logger) throws -> CisternServer {
        do {
            return try CisternServer(loaded, version: Cistern.version, logger: logger)
        } catch let faults as ConfigurationFaults {
            throw ConfigurationOptions.refuse(faults)
        }
    }

    /// Waits for signals: SIGHUP reads the configuration again, any other ends the service, and a second one the process.
    private func obey(
        _ signals: UnixSignalsSequence, _ server: CisternServer, _ reloader: Reloader, _ logger: Logger
    ) async {
        // So that no number of SIGHUPs keeps the service from ending.
        let (reloads, reload) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let reloading = Task { await reloader.obey(reloads) }
        var isEnding = false
        await withTaskGroup(of: Void.self) { group in
            var iterator = signals.makeAsyncIterator()
            while let signal = await iterator.next() {
                if signal == .sighup {
                    reload.yield()
                    continue
                }
                reload.finish()
                if isEnding {
                    logger.warning("ending at once", metadata: ["signal": "\(signal)"])
                    _exit(1)
                }
                isEnding = true
                logger.notice("ending", metadata: ["signal": "\(signal)"])
                group.addTask {
                    await server.shutDown()
                    // The end of a process takes OpenSSL's memory apart, which a reload would still read certificates with.
                    await reloading.value
                    logger.notice("ended")
                    // The signals are still waited for, so this is how the process ends.
                    Glibc.exit(0)
                }
            }
        }
    }
}
