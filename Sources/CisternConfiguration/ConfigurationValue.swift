package import CisternJSON

/// A type that a key can have: how it is read from each kind of source, and how it is written.
package protocol ConfigurationValue: Sendable, Equatable {
    static var shape: ConfigurationShape { get }

    static func read(_ input: ConfigurationInput) throws(Objections) -> Self

    /// The value as the configuration file spells it.
    var json: JSONValue { get }

    /// The value for eyes and logs: without what is secret in it.
    var shown: JSONValue { get }

    /// What no value of the type may be, whichever key it belongs to.
    var objections: [Objection] { get }
}

extension ConfigurationValue {
    package var objections: [Objection] { [] }
    package var shown: JSONValue { json }
}

extension String: ConfigurationValue {
    package static var shape: ConfigurationShape { .string }

    package static func read(_ input: ConfigurationInput) throws(Objections) -> String {
        switch input {
        case .text(let text): return text
        case .json(let value):
            guard let string = value.string else { throw .notA("a string", value) }
            return string
        }
    }

    package var json: JSONValue { JSONValue(.string(self)) }

    package var objections: [Objection] {
        utf8.contains(0) ? [Objection("must not contain a NUL character")] : []
    }
}

extension Int: ConfigurationValue {
    package static var shape: ConfigurationShape { .integer }

    package static func read(_ input: ConfigurationInput) throws(Objections) -> Int {
        switch input {
        case .text(let text):
            guard text.first != "+", let value = Int(text) else {
                throw Objections("must be an integer", hint: "write it in decimal digits alone")
            }
            return value
        case .json(let value):
            guard let integer = value.integer else {
                let isQuoted = value.string.flatMap { Int($0) } != nil
                throw isQuoted
                    ? Objections("must be an integer", hint: "remove the quotes") : .notA("an integer", value)
            }
            return Int(integer)
        }
    }

    package var json: JSONValue { JSONValue(.integer(Int64(self))) }
}

extension Bool: ConfigurationValue {
    package static var shape: ConfigurationShape { .boolean }

    package static func read(_ input: ConfigurationInput) throws(Objections) -> Bool {
        switch input {
        case .text("true"), .text("1"): return true
        case .text("false"), .text("0"): return false
        case .text: throw Objections("must be true or false")
        case .json(let value):
            guard let bool = value.bool else {
                let isQuoted = value.string == "true" || value.string == "false"
                throw isQuoted
                    ? Objections("must be true or false", hint: "remove the quotes") : .notA("a boolean", value)
            }
            return bool
        }
    }

    package var json: JSONValue { JSONValue(.bool(self)) }
}

extension [String]: ConfigurationValue {
    package static var shape: ConfigurationShape { .strings }

    package static func read(_ input: ConfigurationInput) throws(Objections) -> [String] {
        switch input {
        case .text(let text):
            if text.isEmpty { return [] }
            return text.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmed }
        case .json(let value):
            guard let elements = value.array else { throw .notA("a list of strings", value) }
            var strings: [String] = []
            var objections: [Objection] = []
            for (index, element) in elements.enumerated() {
                if let string = element.string {
                    strings.append(string)
                } else {
                    let objection = Objection("must be a string", hint: "it is \(element.kind)")
                    objections.append(objection.inside("[\(index)]", at: element.position))
                }
            }
            guard objections.isEmpty else { throw Objections(objections) }
            return strings
        }
    }

    package var json: JSONValue { JSONValue(.array(map(\.json))) }

    package var objections: [Objection] {
        enumerated().flatMap { index, string in string.objections.map { $0.inside("[\(index)]") } }
    }
}

extension Objections {
    /// A value of the file has the wrong type.
    package static func notA(_ type: String, _ value: JSONValue) -> Objections {
        Objections(
            "must be \(type)", hint: value.isNull ? "leave the key out for its default" : "it is \(value.kind)")
    }
}

extension Substring {
    /// Without the spaces around it.
    var trimmed: String {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
