package import CisternJSON

/// Where a value comes from.
package enum ConfigurationSource: Sendable, Hashable, CustomStringConvertible {
    case standard
    /// Set by the program that uses the library.
    case program
    /// A file, and the place in it where that is known.
    case file(String, JSONPosition)
    case environment(String)
    case flag(String)
    /// A URL that was handed over as an argument.
    case url

    /// A file as a whole.
    package static func file(_ name: String) -> ConfigurationSource { .file(name, .nowhere) }

    /// The same source, at another place of its text.
    package func moved(to position: JSONPosition) -> ConfigurationSource {
        if case .file(let name, _) = self, position != .nowhere { .file(name, position) } else { self }
    }

    package var description: String {
        switch self {
        case .standard: "default"
        case .program: "program"
        case .file(let name, .nowhere): "file \(name.printable)"
        case .file(let name, let position): "file \(name.printable):\(position.line):\(position.column)"
        case .environment(let name): "environment \(name.printable)"
        case .flag(let name): "flag \(name)"
        case .url: "url"
        }
    }
}

extension String {
    /// This text on one line, without control characters, and of bounded length.
    package var printable: String {
        var result = ""
        for (count, scalar) in unicodeScalars.prefix(121).enumerated() {
            if count == 120 {
                result.append("…")
            } else {
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse:
                    result += "\\u{\(String(scalar.value, radix: 16))}"
                default: result.unicodeScalars.append(scalar)
                }
            }
        }
        return result
    }
}
