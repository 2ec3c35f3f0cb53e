internal import CisternJSON

/// A schema of the OpenAPI document (JSON Schema, draft 2020-12).
struct JSONSchema: Sendable {
    struct Member: Sendable {
        let name: String
        let schema: JSONSchema
        var isRequired = true
    }

    private let write: @Sendable (inout JSONWriter) -> Void

    private init(_ write: @escaping @Sendable (inout JSONWriter) -> Void) { self.write = write }

    func append(to json: inout JSONWriter) { json.object { write(&$0) } }

    /// Bytes of any kind, outside JSON.
    static let bytes = JSONSchema { _ in }

    static func string(pattern: String? = nil, lengths: ClosedRange<Int>? = nil, format: String? = nil) -> JSONSchema {
        JSONSchema { json in
            json.field("type", "string")
            if let pattern { json.field("pattern", pattern) }
            if let format { json.field("format", format) }
            if let lengths {
                json.field("minLength", lengths.lowerBound)
                json.field("maxLength", lengths.upperBound)
            }
        }
    }

    static func oneOf(_ values: [String]) -> JSONSchema {
        JSONSchema { json in
            json.field("type", "string")
            json.key("enum")
            json.array { json in for value in values { json.string(value) } }
        }
    }

    static func integer(_ range: ClosedRange<Int>) -> JSONSchema {
        JSONSchema { json in
            json.field("type", "integer")
            json.field("minimum", range.lowerBound)
            if range.upperBound < .max { json.field("maximum", range.upperBound) }
        }
    }

    static let number = JSONSchema { $0.field("type", "number") }

    static let boolean = JSONSchema { $0.field("type", "boolean") }

    static func array(_ element: JSONSchema, counts: ClosedRange<Int>? = nil) -> JSONSchema {
        JSONSchema { json in
            json.field("type", "array")
            json.key("items")
            element.append(to: &json)
            if let counts {
                json.field("minItems", counts.lowerBound)
                json.field("maxItems", counts.upperBound)
            }
        }
    }

    /// An object with these members, and with others where it is open.
    static func object(_ members: [Member], isOpen: Bool = false) -> JSONSchema {
        JSONSchema { json in
            json.field("type", "object")
            json.key("properties")
            json.object { json in
                for member in members {
                    json.key(member.name)
                    member.schema.append(to: &json)
                }
            }
            json.key("required")
            json.array { json in for member in members where member.isRequired { json.string(member.name) } }
            if !isOpen { json.field("additionalProperties", false) }
        }
    }

    /// Any one of several.
    static func anyOf(_ schemas: [JSONSchema]) -> JSONSchema {
        JSONSchema { json in
            json.key("anyOf")
            json.array { json in for schema in schemas { schema.append(to: &json) } }
        }
    }

    /// One of the document's components.
    static func component(_ name: String) -> JSONSchema {
        JSONSchema { $0.field("$ref", "#/components/schemas/\(name)") }
    }
}
