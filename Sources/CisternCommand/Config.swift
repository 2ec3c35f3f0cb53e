internal import ArgumentParser
internal import CisternConfiguration
internal import CisternRedis
internal import CisternService

/// `cistern config`.
struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check or show the configuration.",
        discussion: """
            It comes from flags, the environment, one JSON file and defaults; the earlier of these beats the later. A key \
            such as http.port is CISTERN_HTTP_PORT in the environment, and redis.host is REDIS_HOST. Durations have a \
            unit: 250ms, 5s, 1m30s.

              cistern config check --config Config/cistern.json
              REDIS_HOST=cache.example cistern config check --network
              cistern config show
            """,
        subcommands: [Check.self, Show.self])

    /// `cistern config check`.
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say everything that is wrong with the configuration.",
            discussion: """
                Names every fault at once, each with its value, where that comes from, and what to do. Opens no socket \
                without --network.

                Exit code 0 when it is valid, 78 when it is not, 1 when --network finds a fault.
                """)

        @OptionGroup var options: ConfigurationOptions
        @Flag(help: "Also see whether Redis can be reached: resolve, connect, TLS, AUTH, PING.") var network = false

        func run() async throws {
            let loaded = try options.load()
            print(loaded.checkText, terminator: "")
            guard network else { return }
            guard loaded.backend == .redis else { return print("network: backend local asks no one") }
            let report = await ConfigValidator().checkNetwork(loaded.config.redis)
            print(report)
            if !report.isPassed { throw ExitCode.failure }
        }
    }

    /// `cistern config show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show every value and where it comes from; secrets are not shown.")

        @OptionGroup var options: ConfigurationOptions
        @Flag(help: "As JSON.") var json = false

        func run() async throws {
            let loaded = try options.load()
            print(json ? loaded.showJSON() : loaded.show(), terminator: json ? "\n" : "")
        }
    }
}
