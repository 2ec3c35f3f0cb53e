import CisternConfiguration

/// A small configuration with a key of every type.
struct Sample: Sendable, Equatable {
    enum Color: String, ConfigurationChoice { case red, green }

    var name = "cistern"
    var secret = ""
    var count = 3
    var timeout: Duration = .seconds(5)
    var pause: Duration = .zero
    var isOn = false
    var color = Color.red
    var names: [String] = []
    var low = 1
    var high = 2

    static let catalog = ConfigurationCatalog(
        title: "Sample", defaults: Sample(),
        keys: [
            ConfigurationKey("name", \.name, prefix: "SAMPLE_", "A name."),
            ConfigurationKey(
                "limits.count", \.count, prefix: "SAMPLE_", rule: .range(1...9), unit: "things", "How many."),
            ConfigurationKey("limits.timeout", \.timeout, prefix: "SAMPLE_", rule: .positive, "How long."),
            ConfigurationKey("limits.pause", \.pause, prefix: "SAMPLE_", rule: .zeroIsOff, "How long not."),
            ConfigurationKey("limits.low", \.low, prefix: "SAMPLE_", rule: .atLeast(0), "The lower bound."),
            ConfigurationKey(
                "limits.high", \.high, prefix: "SAMPLE_", rule: .atLeast(0), hint: "try 2", "The upper one."),
            ConfigurationKey("look.is_on", \.isOn, prefix: "SAMPLE_", "Whether."),
            ConfigurationKey("look.color", \.color, prefix: "SAMPLE_", "Which."),
            ConfigurationKey(
                "look.names", \.names, prefix: "SAMPLE_",
                rule: .each("short") { $0.count > 3 ? Objection("must be short") : nil },
                "Who."),
            ConfigurationKey("look.secret", \.secret, prefix: "SAMPLE_", secret: true, "Psst."),
        ],
        expansions: [
            ConfigurationExpansion(path: "limits.both", environment: "SAMPLE_BOTH", "Low and high.") { text, _ in
                let parts = text.split(separator: "-").map(String.init)
                guard parts.count == 2 else {
                    return .init(objections: [Objection("must be low-high", hint: "try 1-2")])
                }
                var expanded = ConfigurationExpansion.Expanded()
                expanded.settings = [("limits.low", parts[0]), ("limits.high", parts[1])]
                return expanded
            },
            ConfigurationExpansion(
                path: nil, environment: "SAMPLE_SECRET_FILE", excludes: "look.secret", "A file."
            ) { path, _ in
                var expanded = ConfigurationExpansion.Expanded()
                expanded.settings = [("look.secret", "from \(path)")]
                return expanded
            },
        ],
        rules: [
            ConfigurationRule("limits.low", "limits.high") { sample in
                sample.low > sample.high ? [Breach("limits.low", "must be at most limits.high", hint: "lower it")] : []
            }
        ],
        sections: [.init("limits", "Numbers."), .init("look", "The rest.")], flatSection: "limits")

    /// What comes of a file, an environment and flags.
    static func load(
        _ file: String? = nil, environment: [String: String] = [:], flags: [ConfigurationFlag] = []
    ) throws(ConfigurationFaults) -> (Sample, ConfigurationResolver<Sample>) {
        var resolver = ConfigurationResolver(catalog)
        if let file { resolver.read(Array(file.utf8), named: "sample.json") }
        resolver.read(
            environment: environment,
            families: [.init("SAMPLE_", isOurs: true, others: ["SAMPLE_CONFIG"]), .init("OTHER_", isOurs: false)])
        resolver.read(flags: flags)
        return (try resolver.finish(), resolver)
    }

    /// The faults, one per line.
    static func faults(
        _ file: String? = nil, environment: [String: String] = [:], flags: [ConfigurationFlag] = []
    ) -> [String] {
        do throws(ConfigurationFaults) {
            _ = try load(file, environment: environment, flags: flags)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }
}
