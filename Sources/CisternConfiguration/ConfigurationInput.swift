package import CisternJSON

/// A value as its source wrote it: JSON in a file, text in the environment, in flags and in URLs.
package enum ConfigurationInput: Sendable, Hashable {
    case json(JSONValue)
    case text(String)

    /// How a fault shows it.
    var shown: String {
        switch self {
        case .json(let value): value.text.printable
        case .text(let text): text.isEmpty ? "\"\"" : text.printable
        }
    }

    /// The place in its text, where it has one.
    var position: JSONPosition {
        if case .json(let value) = self { value.position } else { .nowhere }
    }
}
