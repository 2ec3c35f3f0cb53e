package import CisternConfiguration

/// What became of a configuration when another one was read beside it.
package struct ConfigurationReload: Sendable {
    /// What holds from now on.
    package let configuration: LoadedConfiguration
    /// What holds another value from now on.
    package let changes: [ConfigurationChange]
    /// What has another value that only a restart takes over.
    package let waiting: [ConfigurationChange]
    /// What is worth a word and was not so before.
    package let warnings: [ConfigurationWarning]
    /// Whether the listener shows another certificate from now on, also where its file is called as before.
    package internal(set) var hasNewCertificate = false
}

extension LoadedConfiguration {
    /// Takes over from `next` what can change while the service runs.
    ///
    /// - Parameter largestValue: The largest value that the stores in memory were laid out for, in bytes.
    /// - Throws: The faults of the mixture: a value that is right in `next` may be wrong beside one that waits for a
    ///   restart.
    package func reload(
        _ next: LoadedConfiguration, largestValue: Int
    ) throws(ConfigurationFaults) -> ConfigurationReload {
        let catalog = ServiceConfig.catalog
        var mixed = config
        var sources = sources
        for key in catalog.keys where key.isLive && mayTake(key.path, from: next.config, largestValue) {
            key.adopt(next.config, &mixed)
            sources[key.path] = next.sources[key.path]
        }
        let faults = catalog.faults(in: mixed) { sources[$0] ?? .standard }
        guard faults.isEmpty else { throw ConfigurationFaults(faults.map(\.besideOldValues)) }
        return ConfigurationReload(
            configuration: LoadedConfiguration(
                config: mixed, file: next.file, sources: sources, warnings: next.warnings),
            changes: catalog.changes(from: config, to: mixed), waiting: catalog.changes(from: mixed, to: next.config),
            warnings: next.warnings.filter { !warnings.contains($0) })
    }

    /// Whether another value of a live key is one that a running service can have.
    private func mayTake(_ key: String, from next: ServiceConfig, _ largestValue: Int) -> Bool {
        switch key {
        // Old connections would go on in the other protocol, and clients would be told nothing.
        case "http.tls_cert_file", "http.tls_key_file": next.http.isTLS == config.http.isTLS
        case "http.max_value_bytes": next.http.maxValueBytes <= largestValue
        default: true
        }
    }
}

extension ConfigurationFault {
    /// Of a reload: the fault may not be one of the file, which was found to be in order.
    fileprivate var besideOldValues: ConfigurationFault {
        ConfigurationFault(
            key: key, value: value, source: source, rule: rule,
            hint: "\(hint), or restart: another key that has changed is not taken over before")
    }
}
