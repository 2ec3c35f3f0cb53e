internal import CisternConfiguration
internal import CisternService
internal import Logging

/// Reads the configuration of a running service again, and says what came of it.
struct Reloader: Sendable {
    let server: CisternServer
    /// The file that the command line names, as at the start.
    let file: String?
    let flags: [ConfigurationFlag]
    let level: LogLevel
    let logger: Logger

    /// Reloads for every request, one after the other. Of requests that come while it is at work, one is kept.
    func obey(_ requests: AsyncStream<Void>) async {
        for await _ in requests { await reload() }
    }

    /// Has the service take over what can change while it runs. A configuration with faults changes nothing.
    private func reload() async {
        do {
            let next = try ConfigurationOptions.read(file, flags)
            let reload = try await server.apply(next)
            let newLevel = reload.configuration.config.log.level
            // What is said of a change is said at whichever level says more.
            if newLevel < level.value { level.value = newLevel }
            report(reload)
            level.value = newLevel
        } catch {
            for fault in error.faults { logger.error("fault of the configuration: \(fault)") }
            logger.error("not reloaded: the configuration stays as it was")
        }
    }

    private func report(_ reload: ConfigurationReload) {
        for warning in reload.warnings { logger.warning("\(warning)") }
        var changes = reload.changes.map(\.description)
        if reload.hasNewCertificate { changes.append("the certificate") }
        var metadata: Logger.Metadata = [:]
        if !changes.isEmpty { metadata["changed"] = "\(changes.joined(separator: ", "))" }
        if !reload.waiting.isEmpty {
            metadata["needs_restart"] = "\(reload.waiting.map(\.description).joined(separator: ", "))"
        }
        logger.log(
            level: reload.waiting.isEmpty ? .notice : .warning,
            metadata.isEmpty ? "reloaded: nothing has changed" : "reloaded", metadata: metadata)
    }
}
