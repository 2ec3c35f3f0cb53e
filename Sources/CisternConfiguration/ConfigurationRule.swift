/// A rule between several keys, or one that a key's type and range do not say.
package struct ConfigurationRule<Root: Sendable>: Sendable {
    /// The keys it looks at. It is not asked while one of them is at fault: its answer would only repeat that.
    package let keys: [String]
    package let check: @Sendable (Root) -> [Breach]

    package init(_ keys: String..., check: @escaping @Sendable (Root) -> [Breach]) {
        self.init(keys: keys, check: check)
    }

    package init(keys: [String], check: @escaping @Sendable (Root) -> [Breach]) {
        self.keys = keys
        self.check = check
    }

    /// A file that a key names must be readable, if it names one.
    package static func readable(
        _ key: String, _ path: @escaping @Sendable (Root) -> String
    ) -> ConfigurationRule {
        ConfigurationRule(key) { root in
            let path = path(root)
            guard !path.isEmpty, let objection = ConfigurationFiles.objectionToReading(path) else { return [] }
            return [Breach(key, objection.rule, hint: objection.hint)]
        }
    }

    /// The same rule of an outer configuration that holds this one as a section.
    package func lifted<Outer: Sendable>(
        into section: String, _ property: any WritableKeyPath<Outer, Root> & Sendable
    ) -> ConfigurationRule<Outer> {
        let rule = self
        return ConfigurationRule<Outer>(keys: keys.map { "\(section).\($0)" }) { outer in
            rule.check(outer[keyPath: property]).map { Breach("\(section).\($0.key)", $0.rule, hint: $0.hint) }
        }
    }
}

/// A rule that is broken: by which key, and what to do.
package struct Breach: Sendable, Hashable {
    package let key: String
    package let rule: String
    package let hint: String

    package init(_ key: String, _ rule: String, hint: String) {
        self.key = key
        self.rule = rule
        self.hint = hint
    }
}
