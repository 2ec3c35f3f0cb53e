/// The one list of keys of a configuration, from which everything else is made: reading, checking, showing,
/// the schema and the tables.
package struct ConfigurationCatalog<Root: Sendable>: Sendable {
    /// A section of the file and what it is about, in one line.
    package struct Section: Sendable {
        package let name: String
        package let summary: String

        package init(_ name: String, _ summary: String) {
            self.name = name
            self.summary = summary
        }
    }

    package let title: String
    package let defaults: Root
    package let keys: [ConfigurationKey<Root>]
    package let expansions: [ConfigurationExpansion]
    package let rules: [ConfigurationRule<Root>]
    package let sections: [Section]
    /// The section whose keys may stand at the top of a file instead, when nothing else does.
    package let flatSection: String?
    private let indices: [String: Int]

    package init(
        title: String, defaults: Root, keys: [ConfigurationKey<Root>], expansions: [ConfigurationExpansion],
        rules: [ConfigurationRule<Root>], sections: [Section] = [], flatSection: String? = nil
    ) {
        self.title = title
        self.defaults = defaults
        self.keys = keys
        self.expansions = expansions
        self.rules = rules
        self.sections = sections
        self.flatSection = flatSection
        indices = Dictionary(keys.enumerated().map { ($1.path, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package subscript(path: String) -> ConfigurationKey<Root>? {
        indices[path].map { keys[$0] }
    }

    package func expansion(_ path: String) -> ConfigurationExpansion? {
        expansions.first { $0.path == path }
    }

    /// What a file may name: the keys, and the inputs that set several of them.
    var paths: [String] { keys.map(\.path) + expansions.compactMap(\.path) }
}
