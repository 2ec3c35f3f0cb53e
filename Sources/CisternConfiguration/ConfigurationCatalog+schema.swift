internal import CisternJSON

extension ConfigurationCatalog {
    /// The file's JSON Schema (2020-12): the form with sections, and the flat one where there is one.
    package func schema() -> String {
        var members: [JSONMember] = [
            JSONMember(key: "$schema", value: "https://json-schema.org/draft/2020-12/schema"),
            JSONMember(key: "title", value: JSONValue(.string(title))),
        ]
        var nested = properties(of: nil)
        for section in sections {
            let schema = object(properties(of: section.name), describedAs: section.summary)
            nested.append(JSONMember(key: section.name, value: schema))
        }
        if let flatSection {
            members.append(
                JSONMember(key: "anyOf", value: [["$ref": "#/$defs/sections"], ["$ref": "#/$defs/flat"]]))
            let flat = [Self.schemaMember] + properties(of: flatSection)
            let definitions = JSONObject([
                JSONMember(
                    key: "sections",
                    value: object([Self.schemaMember] + nested, describedAs: "Every section of the service.")),
                JSONMember(
                    key: "flat", value: object(flat, describedAs: "The keys of \"\(flatSection)\" alone.")),
            ])
            members.append(JSONMember(key: "$defs", value: JSONValue(.object(definitions))))
        } else {
            members += object([Self.schemaMember] + nested, describedAs: title).object?.members ?? []
        }
        var writer = JSONWriter(pretty: true)
        writer.value(JSONValue(.object(JSONObject(members))))
        return writer.text + "\n"
    }

    private static var schemaMember: JSONMember {
        JSONMember(
            key: "$schema", value: ["type": "string", "description": "Where the schema is, for editors. Not read."])
    }

    private func object(_ properties: [JSONMember], describedAs text: String) -> JSONValue {
        [
            "type": "object", "description": JSONValue(.string(text)), "additionalProperties": false,
            "properties": JSONValue(.object(JSONObject(properties))),
        ]
    }

    private func properties(of section: String?) -> [JSONMember] {
        var properties = keys.filter { $0.section == section }.map { key in
            var members = [JSONMember(key: "description", value: JSONValue(.string(key.documentation)))]
            members += key.shape.schema(minimum: key.minimum, maximum: key.maximum)
            members.append(JSONMember(key: "default", value: key.read(defaults)))
            return JSONMember(key: key.name, value: JSONValue(.object(JSONObject(members))))
        }
        for expansion in expansions {
            guard let path = expansion.path else { continue }
            let parts = path.split(separator: ".").map(String.init)
            guard let name = parts.last, (parts.count > 1 ? parts.first : nil) == section else { continue }
            let schema: JSONValue = ["description": JSONValue(.string(expansion.summary)), "type": "string"]
            properties.append(JSONMember(key: name, value: schema))
        }
        return properties
    }
}

extension ConfigurationKey {
    /// What an editor shows of the key.
    fileprivate var documentation: String {
        var text = summary
        if !unit.isEmpty { text += " Unit: \(unit)." }
        if !rule.isEmpty { text += " Rule: \(rule)." }
        if isLive { text += " Reloadable." }
        return text + " Environment: \(environment)."
    }
}
