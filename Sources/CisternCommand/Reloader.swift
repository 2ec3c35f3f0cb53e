internal import CisternConfiguration
internal import CisternService
internal import Logging

/// Reads the configuration of a running service again, and says what came of it.
struct Reloader {
    let server: CisternServer
    /// Where the configuration comes from: the same sources as at the start.
    let options: ConfigurationOptions
    let flags: [ConfigurationFlag]
    let level: LogLevel
    let logger: Logger

    /// Has the service take over what can change while it runs. A configuration with faults changes nothing.
    func reload() async {
        do {
            let next = try options.read(flags)
            try Serve.refuseWhatIsNotThereYet(next.config)
            let reload = try await server.apply(next)
            let newLevel = reload.configuration.config.log.level
            // What is said of a change is said at whichever level says more.
            if newLevel < level.value { level.value = newLevel }
            report(reload)
            level.value = newLevel
        } catch {
            for fault in (error as? ConfigurationFaults)?.faults ?? [] {
                logger.error("fault of the configuration: \(fault)")
            }
            logger.error("not reloaded: the configuration stays as it was")
        }
    }

    private func report(_ reload: ConfigurationReload) {
        for warning in reload.warnings { logger.warning("\(warning)") }
        var changes = reload.changes.map(\.description)
        if reload.hasNewCertificate { changes.append("the certificate") }
        if changes.isEmpty {
            logger.notice("reloaded: nothing has changed")
        } else {
            logger.notice("reloaded", metadata: ["changed": "\(changes.joined(separator: ", "))"])
        }
        guard !reload.waiting.isEmpty else { return }
        let keys = reload.waiting.map(\.description).joined(separator: ", ")
        logger.warning("not taken over: a restart is needed", metadata: ["keys": "\(keys)"])
    }
}
