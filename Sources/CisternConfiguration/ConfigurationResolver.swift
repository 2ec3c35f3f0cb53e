internal import CisternJSON

/// Puts a configuration together from its sources, the weakest first, and collects everything that is wrong on the way.
package struct ConfigurationResolver<Root: Sendable>: Sendable {
    package let catalog: ConfigurationCatalog<Root>
    package let files: ConfigurationFiles
    package var root: Root
    /// Where each value comes from. A key that is not in it has its default.
    package private(set) var sources: [String: ConfigurationSource] = [:]
    package private(set) var faults: [ConfigurationFault] = []
    package private(set) var warnings: [ConfigurationWarning] = []
    /// Keys whose strongest source could not be read: rules are not asked about them.
    private var unusable: Set<String> = []

    package init(_ catalog: ConfigurationCatalog<Root>, files: ConfigurationFiles = .system) {
        self.catalog = catalog
        self.files = files
        root = catalog.defaults
    }

    /// Gives a key the value of a source that is stronger than all before it.
    package mutating func assign(
        _ key: ConfigurationKey<Root>, _ input: ConfigurationInput, from source: ConfigurationSource
    ) {
        let source = source.moved(to: input.position)
        do throws(Objections) {
            try key.assign(input, &root)
            unusable.remove(key.path)
        } catch {
            for objection in error.list { faults.append(key.fault(objection, value: input.shown, source: source)) }
            unusable.insert(key.path)
        }
        sources[key.path] = source
    }

    /// Gives several keys the values that one input holds.
    package mutating func assign(_ expansion: ConfigurationExpansion, _ text: String, from source: ConfigurationSource)
    {
        let expanded = expansion.expand(text, files)
        let name = expansion.path ?? expansion.environment
        for objection in expanded.objections {
            report(name + objection.place, redacted, source, objection)
        }
        for setting in expanded.settings {
            if let key = catalog[setting.key] { assign(key, .text(setting.text), from: source) }
        }
    }

    /// Says where the value of a key comes from, when it was put there by other means.
    package mutating func attribute(_ path: String, to source: ConfigurationSource) {
        sources[path] = source
    }

    /// Keeps the rules from looking at a key, because its value could not be found out.
    package mutating func markUnusable(_ path: String) {
        unusable.insert(path)
    }

    package mutating func report(_ key: String, _ value: String, _ source: ConfigurationSource, _ objection: Objection)
    {
        faults.append(
            ConfigurationFault(
                key: key, value: value, source: source.moved(to: objection.position).description, rule: objection.rule,
                hint: objection.hint))
    }

    package mutating func warn(_ key: String, _ message: String) {
        warnings.append(ConfigurationWarning(key: key, message: message))
    }

    /// Checks the whole. Nothing may be assigned after it.
    package mutating func finish(more: [ConfigurationRule<Root>] = []) throws(ConfigurationFaults) -> Root {
        let sources = sources
        faults += catalog.faults(in: root, more: more, except: unusable) { sources[$0] ?? .standard }
        guard faults.isEmpty else { throw ConfigurationFaults(faults) }
        return root
    }
}
