internal import CisternJSON

/// Everything there is to know about one key: how it is called, read, checked, shown and documented.
package struct ConfigurationKey<Root: Sendable>: Sendable {
    /// The key in the file, such as `redis.read_timeout`.
    package let path: String
    /// The key in the environment, such as `REDIS_READ_TIMEOUT`.
    package let environment: String
    package let shape: ConfigurationShape
    /// The rule in words; empty where every value of the type will do.
    package let rule: String
    package let minimum: Int?
    package let maximum: Int?
    /// The unit of a number; empty where there is none.
    package let unit: String
    /// Whether its value never shows anywhere.
    package let isSecret: Bool
    /// Whether a running process takes over another value; others wait for its next start.
    package let isLive: Bool
    /// What the key is for, in one line.
    package let summary: String
    /// What to do about a value that breaks the rule, where the rule itself has no better advice.
    package let hint: String

    /// Puts the value of the first configuration into the second.
    package let adopt: @Sendable (Root, inout Root) -> Void
    /// Reads a value and puts it into the configuration.
    let assign: @Sendable (ConfigurationInput, inout Root) throws(Objections) -> Void
    /// What speaks against the value that the configuration has.
    let check: @Sendable (Root) -> [Objection]
    /// The value that the configuration has, as a file spells it.
    let read: @Sendable (Root) -> JSONValue
    /// The value that the configuration has, for eyes and logs.
    let shown: @Sendable (Root) -> JSONValue

    /// - Parameters:
    ///   - prefix: What stands before the key's name in capitals in the environment.
    ///   - live: Whether a running process takes over another value.
    package init<Value: ConfigurationValue>(
        _ path: String, _ property: any WritableKeyPath<Root, Value> & Sendable, prefix: String,
        rule: ValueRule<Value> = .any, unit: String = "", secret: Bool = false, live: Bool = false, hint: String = "",
        _ summary: String
    ) {
        self.path = path
        self.environment = prefix + path.map { $0 == "." ? "_" : $0.uppercased() }.joined()
        self.shape = Value.shape
        self.rule = rule.text
        self.minimum = rule.minimum
        self.maximum = rule.maximum
        self.unit = unit
        self.isSecret = secret
        self.isLive = live
        self.summary = summary
        self.hint = hint
        adopt = { $1[keyPath: property] = $0[keyPath: property] }
        assign = { (input, root) throws(Objections) in
            root[keyPath: property] = try Value.read(input)
        }
        check = { root in
            let value = root[keyPath: property]
            let objections = value.objections
            return objections.isEmpty ? rule.check(value) : objections
        }
        read = { $0[keyPath: property].json }
        shown = { root in
            let value = root[keyPath: property].shown
            return secret && value.string.map { !$0.isEmpty } ?? false ? JSONValue(.string(redacted)) : value
        }
    }

    /// The same key of an outer configuration that holds this one as a section.
    package func lifted<Outer: Sendable>(
        into section: String, _ property: any WritableKeyPath<Outer, Root> & Sendable
    ) -> ConfigurationKey<Outer> {
        let key = self
        return ConfigurationKey<Outer>(
            path: "\(section).\(path)", environment: environment, shape: shape, rule: rule, minimum: minimum,
            maximum: maximum, unit: unit, isSecret: isSecret, isLive: isLive, summary: summary, hint: hint,
            adopt: { key.adopt($0[keyPath: property], &$1[keyPath: property]) },
            assign: { (input, outer) throws(Objections) in try key.assign(input, &outer[keyPath: property]) },
            check: { key.check($0[keyPath: property]) },
            read: { key.read($0[keyPath: property]) },
            shown: { key.shown($0[keyPath: property]) })
    }

    /// The key without its section.
    package var name: String { path.split(separator: ".").last.map(String.init) ?? path }

    /// The section that it stands in; nil for a key of the top level.
    package var section: String? {
        path.firstIndex(of: ".").map { String(path[..<$0]) }
    }
}

extension ConfigurationKey {
    private init(
        path: String, environment: String, shape: ConfigurationShape, rule: String, minimum: Int?, maximum: Int?,
        unit: String, isSecret: Bool, isLive: Bool, summary: String, hint: String,
        adopt: @escaping @Sendable (Root, inout Root) -> Void,
        assign: @escaping @Sendable (ConfigurationInput, inout Root) throws(Objections) -> Void,
        check: @escaping @Sendable (Root) -> [Objection], read: @escaping @Sendable (Root) -> JSONValue,
        shown: @escaping @Sendable (Root) -> JSONValue
    ) {
        self.path = path
        self.environment = environment
        self.shape = shape
        self.rule = rule
        self.minimum = minimum
        self.maximum = maximum
        self.unit = unit
        self.isSecret = isSecret
        self.isLive = isLive
        self.summary = summary
        self.hint = hint
        self.adopt = adopt
        self.assign = assign
        self.check = check
        self.read = read
        self.shown = shown
    }
}

/// What stands in the place of a secret.
package let redacted = "(redacted)"
