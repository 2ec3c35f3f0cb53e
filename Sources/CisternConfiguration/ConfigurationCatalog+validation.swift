internal import CisternJSON

extension ConfigurationCatalog {
    /// Every fault of a configuration. Pure: looks at nothing but the configuration.
    ///
    /// - Parameters:
    ///   - more: Rules beyond the catalog's own, such as those that look at files.
    ///   - unusable: Keys that are known to be at fault. Nothing more is said of them.
    ///   - source: Where the value of a key comes from.
    package func faults(
        in root: Root, more: [ConfigurationRule<Root>] = [], except unusable: Set<String> = [],
        source: (String) -> ConfigurationSource
    ) -> [ConfigurationFault] {
        var faults: [ConfigurationFault] = []
        var broken = unusable
        for key in keys where !unusable.contains(key.path) {
            for objection in key.check(root) {
                faults.append(key.fault(objection, value: key.shownText(root), source: source(key.path)))
                broken.insert(key.path)
            }
        }
        for rule in rules + more where rule.keys.allSatisfy({ !broken.contains($0) }) {
            for breach in rule.check(root) {
                faults.append(
                    ConfigurationFault(
                        key: breach.key, value: self[breach.key]?.shownText(root) ?? "",
                        source: source(breach.key).description, rule: breach.rule, hint: breach.hint))
            }
        }
        return faults
    }

    /// Every fault of a configuration that a program made.
    package func faults(in root: Root, more: [ConfigurationRule<Root>] = []) -> [ConfigurationFault] {
        faults(in: root, more: more) { path in
            guard let key = self[path] else { return .program }
            return key.read(root) == key.read(defaults) ? .standard : .program
        }
    }
}

extension ConfigurationKey {
    /// The value in words for eyes: text without quotes, redacted where it is secret.
    func shownText(_ root: Root) -> String {
        let value = shown(root)
        guard let text = value.string else { return value.text }
        return text.isEmpty ? "\"\"" : text.printable
    }

    func fault(_ objection: Objection, value: String, source: ConfigurationSource) -> ConfigurationFault {
        ConfigurationFault(
            key: path + objection.place, value: isSecret ? redacted : value,
            source: source.moved(to: objection.position).description, rule: objection.rule,
            hint: objection.hint.isEmpty ? hint : objection.hint)
    }
}
