/// One thing that is wrong with a configuration.
public struct ConfigurationFault: Sendable, Hashable {
    /// The key, as the configuration file spells it, such as `read_timeout` or `redis.read_timeout`.
    public let key: String
    /// The value, as it was given; `(redacted)` where it may be a secret, empty where there is none to show.
    public let value: String
    /// Where the value comes from, such as `default`, `file cistern.json:12:5` or `environment REDIS_HOST`.
    public let source: String
    /// The rule that it breaks, in words.
    public let rule: String
    /// What to do about it.
    public let hint: String

    package init(key: String, value: String = "", source: String, rule: String, hint: String) {
        self.key = key
        self.value = value
        self.source = source
        self.rule = rule
        self.hint = hint
    }
}

extension ConfigurationFault: CustomStringConvertible {
    /// The whole fault on one line.
    public var description: String {
        let shown = value.isEmpty ? key : "\(key) = \(value)"
        return hint.isEmpty ? "\(shown) (\(source)): \(rule)" : "\(shown) (\(source)): \(rule); \(hint)"
    }
}
