package import CisternJSON

/// A key that takes one of a few names. An enumeration of strings only has to say that it is one.
package protocol ConfigurationChoice: ConfigurationValue, RawRepresentable<String>, CaseIterable {}

extension ConfigurationChoice {
    package static var shape: ConfigurationShape { .choice(allCases.map(\.rawValue)) }

    package static func read(_ input: ConfigurationInput) throws(Objections) -> Self {
        let text = try String.read(input)
        guard let choice = Self(rawValue: text) else {
            let names = allCases.map(\.rawValue)
            throw Objections(
                "must be one of \(names.joined(separator: ", "))", hint: Suggestion.sentence(for: text, among: names))
        }
        return choice
    }

    package var json: JSONValue { JSONValue(.string(rawValue)) }
}
