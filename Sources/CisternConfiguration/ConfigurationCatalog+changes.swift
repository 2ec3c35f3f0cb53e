/// A key whose value is another one than before.
package struct ConfigurationChange: Sendable, Hashable, CustomStringConvertible {
    package let key: String
    /// Both values in words, such as `1s → 2s`; nil where they are secret.
    package let values: String?

    package var description: String { values.map { "\(key): \($0)" } ?? key }
}

extension ConfigurationCatalog {
    /// The keys whose values differ, in the catalog's order.
    package func changes(from old: Root, to new: Root) -> [ConfigurationChange] {
        keys.filter { $0.read(old) != $0.read(new) }.map { key in
            let values = key.isSecret ? nil : "\(key.shownText(old)) → \(key.shownText(new))"
            return ConfigurationChange(key: key.path, values: values)
        }
    }
}
