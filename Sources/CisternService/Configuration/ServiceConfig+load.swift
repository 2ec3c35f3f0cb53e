package import CisternConfiguration

extension ServiceConfig {
    /// Puts the configuration together: defaults, then the file, then the environment, then the command line.
    ///
    /// - Parameters:
    ///   - file: The file that the command line names; nil for the one of `CISTERN_CONFIG`, if there is one.
    ///   - environment: All of it; names that are not ours are left alone.
    ///   - flags: The settings of the command line.
    ///   - files: How files are read.
    ///   - checks: The rules that look further than at the values, by default at the files that they name.
    /// - Throws: Every fault of every source at once.
    package static func load(
        file: String? = nil, environment: [String: String], flags: [ConfigurationFlag] = [],
        files: ConfigurationFiles = .system, checks: [ConfigurationRule<ServiceConfig>] = fileRules
    ) throws(ConfigurationFaults) -> LoadedConfiguration {
        var resolver = ConfigurationResolver(catalog, files: files)
        let file =
            file.map { ($0, ConfigurationSource.flag("--config")) }
            ?? environment[fileVariable].map { ($0, .environment(fileVariable)) }
        if let (path, origin) = file { resolver.read(file: path, namedBy: origin) }
        resolver.read(
            environment: environment,
            families: [
                .init("REDIS_", isOurs: false), .init(prefix, isOurs: true, others: [fileVariable]),
            ])
        resolver.read(flags: flags)
        resolver.readTokensFile()
        let config = try resolver.finish(more: checks)
        for warning in config.warnings { resolver.warn(warning.key, warning.message) }
        return LoadedConfiguration(
            config: config, file: file?.0, sources: resolver.sources, warnings: resolver.warnings)
    }

    private static let fileVariable = "CISTERN_CONFIG"
}

extension ConfigurationResolver<ServiceConfig> {
    /// Adds the tokens of `auth.tokens_file` to those that the configuration holds itself.
    fileprivate mutating func readTokensFile() {
        let path = root.auth.tokensFile
        guard !path.isEmpty else { return }
        let named = sources["auth.tokens_file"] ?? .standard
        let text: [UInt8]
        do throws(Objections) {
            text = try files.read(path)
        } catch {
            for objection in error.list { report("auth.tokens_file", path.printable, named, objection) }
            return markUnusable("auth.tokens")
        }
        if files.isOpenToAll(path) {
            warn(
                "auth.tokens_file",
                "every user of this machine can read the tokens in it; mend it with: chmod 600 \(path.printable)")
        }
        let source = ConfigurationSource.file(path)
        do throws(Objections) {
            let more = try AuthTokens.read(text: text)
            if more.list.isEmpty {
                throw Objections(
                    "must hold at least one token", hint: "each has a name, a token and scopes")
            }
            root.auth.tokens.list += more.list
            attribute("auth.tokens", to: source)
        } catch {
            for objection in error.list { report("auth.tokens" + objection.place, redacted, source, objection) }
            markUnusable("auth.tokens")
        }
    }
}
