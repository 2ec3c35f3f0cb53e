internal import ArgumentParser
internal import CisternConfiguration
internal import CisternService
internal import Glibc

/// Where a command's configuration comes from.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "The JSON file to read.",
            discussion:
                "Without it, the file that CISTERN_CONFIG names, if it does. Flags beat the environment, and that beats the file.",
            valueName: "file"))
    var file: String?

    /// Puts the configuration together; on a fault says every one of them and ends the process with 78.
    func load(_ flags: [ConfigurationFlag] = []) throws -> LoadedConfiguration {
        do throws(ConfigurationFaults) {
            return try Self.read(file, flags)
        } catch {
            throw Self.refuse(error)
        }
    }

    /// Puts the configuration together, from the sources as they are now.
    static func read(
        _ file: String?, _ flags: [ConfigurationFlag]
    ) throws(ConfigurationFaults) -> LoadedConfiguration {
        try ServiceConfig.load(file: file, environment: environment, flags: flags)
    }

    static func refuse(_ faults: ConfigurationFaults) -> ExitCode {
        printError("cistern: \(faults)")
        return .configuration
    }

    /// The process's environment. Of a name that is there twice the first counts, as for getenv.
    static var environment: [String: String] {
        var result: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                let name = String(text[..<equals])
                if result[name] == nil { result[name] = String(text[text.index(after: equals)...]) }
            }
            next += 1
        }
        return result
    }
}
