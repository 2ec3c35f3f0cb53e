internal import CisternJSON

extension ConfigurationCatalog {
    /// The keys of one section, or of the top level, as a table in Markdown.
    package func table(section: String?) -> String {
        var text = "| Key | Environment | Type | Default | Rule | Meaning |\n|---|---|---|---|---|---|\n"
        for key in keys where key.section == section {
            let unit = key.unit.isEmpty ? "" : " (\(key.unit))"
            let secret = key.isSecret ? " Secret: never shown." : ""
            text += "| `\(key.name)` | `\(key.environment)` | \(key.shape.name)\(unit) | `\(key.read(defaults).text)` "
            let live = key.isLive ? " Reloadable." : ""
            text += "| \(key.rule) | \(key.summary)\(secret)\(live) |\n"
        }
        return text
    }
}
