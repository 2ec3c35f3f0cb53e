internal import CisternHTTP

/// What the OpenAPI document says of one method of a route.
struct OperationDocumentation {
    struct Parameter: Sendable {
        enum Place: String, Sendable {
            case path, query, header
        }

        let name: String
        let place: Place
        let description: String
        let schema: JSONSchema
    }

    struct Content {
        let type: String
        let schema: JSONSchema
    }

    struct Field: Sendable {
        let name: String
        let description: String
        let schema: JSONSchema
        var isRequired = true
    }

    struct Response {
        let status: HTTPStatus
        let description: String
        var content: Content?
        var fields: [Field] = []
        var isProblem = false

        /// An error.
        static func problem(_ status: HTTPStatus, _ description: String, _ fields: [Field] = []) -> Response {
            Response(
                status: status, description: description,
                content: Content(type: "\(MediaType.problem)", schema: .component("Problem")), fields: fields,
                isProblem: true)
        }
    }

    let id: String
    let summary: String
    var parameters: [Parameter] = []
    var body: Content?
    var responses: [Response]

    /// The same for HEAD, which is GET without content (RFC 9110 §9.3.2).
    var ofHead: OperationDocumentation {
        OperationDocumentation(
            id: id + "Head", summary: summary + ", without content", parameters: parameters,
            responses: responses.map {
                Response(
                    status: $0.status, description: $0.description, fields: $0.fields, isProblem: $0.isProblem)
            })
    }
}

extension OperationDocumentation.Field {
    static let retryAfter = Self(
        name: "Retry-After", description: "Seconds after which trying again may help.", schema: .integer(1...3600))
    /// What 415 names as what is taken.
    static func accepted(_ name: String, _ description: String, isRequired: Bool = true) -> Self {
        Self(name: name, description: description, schema: .string(), isRequired: isRequired)
    }

    static let requestID = Self(
        name: "X-Request-Id", description: "The request's name, the client's own where it sent one.",
        schema: .string(pattern: "^[A-Za-z0-9._~:-]{1,64}$"))
}
