/// A setting of the command line.
package struct ConfigurationFlag: Sendable, Hashable {
    /// The flag, such as `--port`.
    package let name: String
    /// The key that it sets, such as `http.port`.
    package let key: String
    /// Its value as it was typed.
    package let value: String

    package init(_ name: String, sets key: String, to value: String) {
        self.name = name
        self.key = key
        self.value = value
    }
}

extension ConfigurationResolver {
    /// Takes what the command line says.
    package mutating func read(flags: [ConfigurationFlag]) {
        for flag in flags {
            guard let expansion = catalog.expansion(flag.key) else { continue }
            assign(expansion, flag.value, from: .flag(flag.name))
        }
        for flag in flags where catalog.expansion(flag.key) == nil {
            if let key = catalog[flag.key] {
                assign(key, .text(flag.value), from: .flag(flag.name))
            } else {
                report(flag.key, "", .flag(flag.name), Objection("is not a known key", hint: "remove the flag"))
            }
        }
    }
}
