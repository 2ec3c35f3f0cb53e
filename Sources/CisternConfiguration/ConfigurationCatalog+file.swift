internal import CisternJSON

extension ConfigurationCatalog {
    /// A complete file of a configuration. Secrets are redacted.
    ///
    /// - Parameter schema: The place of the schema, for editors; nil for none.
    package func file(_ root: Root, schema: String?) -> String {
        var writer = JSONWriter(pretty: true)
        writer.object { writer in
            if let schema { writer.field("$schema", schema) }
            for key in keys where key.section == nil { writer.field(key.name, key.shown(root)) }
            for section in sections {
                writer.key(section.name)
                writer.object { writer in
                    for key in keys where key.section == section.name { writer.field(key.name, key.shown(root)) }
                }
            }
        }
        return writer.text + "\n"
    }
}
