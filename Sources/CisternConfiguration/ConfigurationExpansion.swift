/// An input that is no key of its own but sets several, such as a URL, or one by a detour, such as a secret's file.
package struct ConfigurationExpansion: Sendable {
    /// Its name in files and flags; nil where the environment alone knows it.
    package let path: String?
    package let environment: String
    /// A key that must not be given in the environment beside it.
    package let excludes: String?
    /// What it is for, in one line.
    package let summary: String
    /// Takes the text of the input apart. Its text is never shown: there may be a secret in it.
    package let expand: @Sendable (String, ConfigurationFiles) -> Expanded

    package struct Expanded: Sendable {
        /// The keys and their values.
        package var settings: [(key: String, text: String)] = []
        /// What is wrong with the input.
        package var objections: [Objection] = []

        package init() {}

        package init(objections: [Objection]) { self.objections = objections }
    }

    package init(
        path: String?, environment: String, excludes: String? = nil, _ summary: String,
        expand: @escaping @Sendable (String, ConfigurationFiles) -> Expanded
    ) {
        self.path = path
        self.environment = environment
        self.excludes = excludes
        self.summary = summary
        self.expand = expand
    }

    /// The same input of an outer configuration that holds this one as a section.
    package func lifted(into section: String) -> ConfigurationExpansion {
        let inner = self
        return ConfigurationExpansion(
            path: path.map { "\(section).\($0)" }, environment: environment,
            excludes: excludes.map { "\(section).\($0)" }, summary
        ) { text, files in
            var expanded = inner.expand(text, files)
            expanded.settings = expanded.settings.map { ("\(section).\($0.key)", $0.text) }
            return expanded
        }
    }
}
