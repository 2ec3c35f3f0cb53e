internal import CisternBytes
internal import CisternHTTP
internal import CisternJSON

extension CacheService {
    func answerOpenAPI(_ responder: consuming HTTPResponder) -> HTTPStatus {
        answer(OpenAPIDocument(config: config, version: state.version).body, MediaType.json, responder)
    }
}

/// `/openapi.json`: the interface as OpenAPI 3.1 describes it, made of the table of routes that requests are answered by.
struct OpenAPIDocument {
    private typealias Response = OperationDocumentation.Response

    let config: ServiceConfig
    let version: String

    var body: Bytes {
        var json = JSONWriter(pretty: true, reserving: 65536)
        json.object { json in
            json.field("openapi", "3.1.0")
            json.key("info")
            json.object { json in
                json.field("title", "Cistern")
                json.field("description", "A cache in Redis as REST, which answers when Redis does not.")
                json.field("version", version)
            }
            json.key("servers")
            json.array { json in json.object { $0.field("url", "/") } }
            json.key("paths")
            json.object { json in
                for route in Route.allCases {
                    json.key("\(route.definition.path)")
                    json.object { json in
                        for method in route.definition.methods { write(route, method, to: &json) }
                    }
                }
            }
            json.key("components")
            json.object { writeComponents(to: &$0) }
        }
        return Bytes(adopting: json.bytes)
    }

    private var hasTokens: Bool { !config.auth.tokens.list.isEmpty }

    private func documentation(_ route: Route, _ method: HTTPMethod) -> OperationDocumentation? {
        switch method {
        case .head: route.documentation(of: .get, config)?.ofHead
        case .options:
            OperationDocumentation(
                id: "\(route)Options", summary: "What can be done here",
                // Whatever the key is: it is not looked at.
                parameters: (route.documentation(of: .get, config)?.parameters ?? [])
                    .filter { $0.place == .path }
                    .map { .init(name: $0.name, place: $0.place, description: $0.description, schema: .string()) },
                responses: [
                    Response(
                        status: .noContent, description: "The methods.",
                        fields: [.init(name: "Allow", description: "The methods.", schema: .string())])
                ])
        default: route.documentation(of: method, config)
        }
    }

    private func write(_ route: Route, _ method: HTTPMethod, to json: inout JSONWriter) {
        guard let documentation = documentation(route, method) else { return }
        let requirement = route.definition.requirement(for: method)
        let needsToken = hasTokens && requirement != nil && requirement != .anyone
        json.key("\(method.token)".lowercased())
        json.object { json in
            json.field("operationId", documentation.id)
            json.field("summary", documentation.summary)
            if needsToken {
                json.key("security")
                json.array { json in
                    json.object { json in
                        json.key("bearer")
                        json.array { json in if case .scope(let scope)? = requirement { json.string(scope.rawValue) } }
                    }
                }
            }
            json.key("parameters")
            json.array { json in for parameter in documentation.parameters { Self.write(parameter, to: &json) } }
            if let body = documentation.body {
                json.key("requestBody")
                json.object { json in
                    json.field("required", true)
                    Self.write(body, to: &json)
                }
            }
            json.key("responses")
            json.object { json in
                let all = documentation.responses + shared(route, method, needsToken: needsToken)
                for response in all.sorted(by: { $0.status.code < $1.status.code }) {
                    Self.write(response, hasContent: method != .head, to: &json)
                }
            }
        }
    }

    /// What every operation may be answered with.
    private func shared(_ route: Route, _ method: HTTPMethod, needsToken: Bool) -> [Response] {
        var responses: [Response] = [
            .problem(.requestTimeout, "The request came too slowly."),
            .problem(.requestHeaderFieldsTooLarge, "The fields of the request take more than 16 KiB."),
        ]
        let own = documentation(route, method)?.responses.map(\.status) ?? []
        let isOption = method == .options
        responses.append(.problem(.notImplemented, "The method or a transfer coding is not known."))
        responses.append(.problem(.httpVersionNotSupported, "Neither HTTP/1.0 nor HTTP/1.1."))
        if !own.contains(.badRequest) {
            responses.append(.problem(.badRequest, "The request is not HTTP/1.1, or has a query that is not known."))
        }
        if !own.contains(.uriTooLong) { responses.append(.problem(.uriTooLong, "The target is too long.")) }
        if route.definition.isHostChecked {
            responses.append(.problem(.misdirectedRequest, "The Host is not one that is served here."))
        }
        if !isOption { responses.append(.problem(.expectationFailed, "An expectation other than 100-continue.")) }
        if needsToken, !isOption {
            responses.append(
                .problem(
                    .unauthorized, "There is no token, or one that is not known.",
                    [.init(name: "WWW-Authenticate", description: "RFC 6750.", schema: .string())]))
            responses.append(.problem(.forbidden, "The token lacks the scope."))
        }
        if !own.contains(.serviceUnavailable) {
            responses.append(.problem(.serviceUnavailable, "There are too many connections.", [.retryAfter]))
        }
        return responses
    }

    private static func write(_ parameter: OperationDocumentation.Parameter, to json: inout JSONWriter) {
        json.object { json in
            json.field("name", parameter.name)
            json.field("in", parameter.place.rawValue)
            json.field("description", parameter.description)
            json.field("required", parameter.place == .path)
            json.key("schema")
            parameter.schema.append(to: &json)
        }
    }

    private static func write(_ content: OperationDocumentation.Content, to json: inout JSONWriter) {
        json.key("content")
        json.object { json in
            json.key(content.type)
            json.object { json in
                json.key("schema")
                content.schema.append(to: &json)
            }
        }
    }

    private static func write(_ response: Response, hasContent: Bool, to json: inout JSONWriter) {
        json.key("\(response.status.code)")
        json.object { json in
            json.field("description", response.description)
            let fields = response.fields + (response.isProblem ? [.requestID] : [])
            if !fields.isEmpty {
                json.key("headers")
                json.object { json in
                    for field in fields {
                        json.key(field.name)
                        json.object { json in
                            json.field("description", field.description)
                            json.field("required", field.isRequired)
                            json.key("schema")
                            field.schema.append(to: &json)
                        }
                    }
                }
            }
            if hasContent, let content = response.content { write(content, to: &json) }
        }
    }

    private func writeComponents(to json: inout JSONWriter) {
        json.key("schemas")
        json.object { json in
            json.key("Problem")
            JSONSchema.object(
                [
                    .init(name: "type", schema: .string(format: "uri-reference")),
                    .init(name: "title", schema: .string()),
                    .init(name: "status", schema: .integer(400...599)),
                    .init(name: "detail", schema: .string()),
                    .init(name: "instance", schema: .string()),
                ], isOpen: true
            ).append(to: &json)
        }
        guard hasTokens else { return }
        json.key("securitySchemes")
        json.object { json in
            json.key("bearer")
            json.object { json in
                json.field("type", "http")
                json.field("scheme", "bearer")
                json.field("description", "A token of the configuration (RFC 6750); its scopes say what it may do.")
            }
        }
    }
}
