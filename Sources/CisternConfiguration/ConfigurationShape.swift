package import CisternJSON

/// The type of a key, as tables and schemas speak of it.
package enum ConfigurationShape: Sendable {
    case string
    case integer
    case boolean
    case duration
    case choice([String])
    case strings
    /// Anything else: its name in tables and its JSON Schema.
    case custom(String, JSONValue)

    /// Its name in tables.
    package var name: String {
        switch self {
        case .string: "string"
        case .integer: "integer"
        case .boolean: "boolean"
        case .duration: "duration"
        case .choice(let names): names.map { "\"\($0)\"" }.joined(separator: " or ")
        case .strings: "list of strings"
        case .custom(let name, _): name
        }
    }

    /// Go's durations as a regular expression of ECMA 262, as JSON Schema asks for.
    package static let durationPattern = #"^(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$"#

    /// The members of its JSON Schema.
    func schema(minimum: Int?, maximum: Int?) -> [JSONMember] {
        switch self {
        case .string: return [JSONMember(key: "type", value: "string")]
        case .boolean: return [JSONMember(key: "type", value: "boolean")]
        case .integer:
            var members = [JSONMember(key: "type", value: "integer")]
            if let minimum { members.append(JSONMember(key: "minimum", value: JSONValue(.integer(Int64(minimum))))) }
            if let maximum { members.append(JSONMember(key: "maximum", value: JSONValue(.integer(Int64(maximum))))) }
            return members
        case .duration:
            return [
                JSONMember(key: "type", value: ["string", "integer"]),
                JSONMember(key: "pattern", value: JSONValue(.string(Self.durationPattern))),
                JSONMember(key: "minimum", value: 0),
            ]
        case .choice(let names):
            return [JSONMember(key: "enum", value: JSONValue(.array(names.map { JSONValue(.string($0)) })))]
        case .strings:
            return [JSONMember(key: "type", value: "array"), JSONMember(key: "items", value: ["type": "string"])]
        case .custom(_, let schema): return schema.object?.members ?? []
        }
    }
}
