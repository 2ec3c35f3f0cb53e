public import CisternConfiguration

/// Finds what is wrong with a configuration, all of it at once.
public struct ConfigValidator: Sendable {
    /// A validator with the rules of ``RedisConfig``.
    public init() {}

    /// Checks every rule that the values alone can break. Reads no file and opens no socket.
    ///
    /// - Throws: Every fault, each with its key, value, rule and a hint.
    public func validate(_ config: RedisConfig) throws(ConfigurationFaults) {
        try refuse(RedisConfig.catalog.faults(in: config))
    }

    /// Checks what ``validate(_:)`` does, and that the files the configuration names can be read.
    ///
    /// - Throws: Every fault, each with its key, value, rule and a hint.
    public func validateWithFiles(_ config: RedisConfig) throws(ConfigurationFaults) {
        try refuse(RedisConfig.catalog.faults(in: config, more: RedisConfig.fileRules))
    }

    private func refuse(_ faults: [ConfigurationFault]) throws(ConfigurationFaults) {
        guard faults.isEmpty else { throw ConfigurationFaults(faults) }
    }
}
