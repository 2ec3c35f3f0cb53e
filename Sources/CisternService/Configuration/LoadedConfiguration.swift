package import CisternConfiguration

/// A configuration that is in order, and where it comes from.
package struct LoadedConfiguration: Sendable {
    /// Which store is the truth, once `auto` has been decided.
    package enum Backend: String, Sendable {
        case redis, local
    }

    package let config: ServiceConfig
    /// The file that was read, if there was one.
    package let file: String?
    /// Where each value comes from; a key that is not in it has its default.
    package let sources: [String: ConfigurationSource]
    package let warnings: [ConfigurationWarning]
    package let backend: Backend
    /// Why it is that backend, for the log.
    package let backendReason: String

    init(
        config: ServiceConfig, file: String?, sources: [String: ConfigurationSource], warnings: [ConfigurationWarning]
    ) {
        self.config = config
        self.file = file
        self.sources = sources
        let address = ["redis.host", "redis.port"].first { sources[$0] != nil }
        let given = address.map { "\($0) is given by \((sources[$0] ?? .standard).description)" }
        var warnings = warnings
        switch config.backend {
        case .redis, .local:
            backend = config.backend == .redis ? .redis : .local
            backendReason = "configured by \((sources["backend"] ?? .standard).description)"
            if config.backend == .local, let address, let given {
                warnings.append(
                    ConfigurationWarning(key: address, message: "has no effect with backend local, though \(given)"))
            }
        case .auto:
            backend = address == nil ? .local : .redis
            backendReason = given ?? "no Redis host, port or URL is given"
        }
        self.warnings = warnings
    }

    /// A number that changes when a value does that is not secret, as 16 hexadecimal digits.
    package var hash: String { ServiceConfig.catalog.hash(config) }

    /// Every key with its value and its source, in columns. Secrets are redacted.
    package func show() -> String { ServiceConfig.catalog.show(config, sources: sources) }

    /// The same as JSON: an object of `{"value": …, "source": "…"}` by key.
    package func showJSON() -> String { ServiceConfig.catalog.showJSON(config, sources: sources) }

    /// What `config check` says of it.
    package var checkText: String {
        var text = "the configuration is valid: \(file.map { "file \($0.printable)" } ?? "no file")"
        text += ", backend \(backend.rawValue) (\(backendReason))\n"
        for warning in warnings { text += "  warning: \(warning)\n" }
        return text
    }
}
