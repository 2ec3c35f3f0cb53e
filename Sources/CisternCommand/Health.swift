internal import ArgumentParser

/// `cistern health`.
struct Health: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Ask a running service whether it is ready.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {}
}
