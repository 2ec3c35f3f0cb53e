internal import Cistern
internal import CisternConfiguration
package import Logging

extension ServiceConfig {
    /// Which store is the truth.
    package enum Backend: String, ConfigurationChoice {
        case auto, redis, local
    }

    package struct HTTPSection: Sendable, Hashable {
        package var host = "127.0.0.1"
        /// Zero for any free port.
        package var port = 8080
        /// Event loops; zero for one per core, at most the size of the pool.
        package var threads = 0
        package var requestTimeout: Duration = .seconds(1)
        package var maxConnections = 16384
        package var headerTimeout: Duration = .seconds(10)
        package var idleTimeout: Duration = .seconds(60)
        package var writeStallTimeout: Duration = .seconds(10)
        /// Bytes per second.
        package var minBodyRate = 1024
        package var maxValueBytes = 1024 * 1024
        package var maxKeyBytes = 1024
        package var maxBatchBytes = 8 * 1024 * 1024
        package var drainDelay: Duration = .zero
        package var shutdownTimeout: Duration = .seconds(25)
        package var tlsCertFile = ""
        package var tlsKeyFile = ""
        package var allowUnauthenticated = false
        package var allowedHosts: [String] = []
        package var corsOrigins: [String] = []

        package init() {}
    }

    package struct LocalCacheSection: Sendable, Hashable {
        package var maxEntries = 100_000
        package var maxBytes = 64 * 1024 * 1024
        /// How long after Redis last confirmed it a copy may serve.
        package var ttl: Duration = .seconds(300)

        package init() {}
    }

    package struct AuthSection: Sendable, Hashable {
        /// The tokens of the configuration and, once it is loaded, those of the file.
        package var tokens = AuthTokens()
        package var tokensFile = ""

        package init() {}
    }

    package struct LogSection: Sendable, Hashable {
        package enum Format: String, ConfigurationChoice {
            case text, json
        }

        package var level = Logger.Level.info
        package var format = Format.text
        package var access = false

        package init() {}
    }
}

extension Logger.Level: ConfigurationChoice {}

extension FallbackConfig.Writes: ConfigurationChoice {}
