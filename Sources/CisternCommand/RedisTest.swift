internal import ArgumentParser

/// `cistern redis-test`.
struct RedisTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "redis-test", abstract: "Test the connection to Redis.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {}
}
