internal import CisternHTTP

extension Route {
    private typealias Parameter = OperationDocumentation.Parameter
    private typealias Content = OperationDocumentation.Content
    private typealias Field = OperationDocumentation.Field
    private typealias Response = OperationDocumentation.Response

    /// What the OpenAPI document says of a method; nil where the route does not have it. HEAD and OPTIONS are derived from it.
    func documentation(of method: HTTPMethod, _ config: ServiceConfig) -> OperationDocumentation? {
        switch (self, method) {
        case (.key, .get): Self.getKey(config)
        case (.key, .put): Self.putKey(config)
        case (.key, .delete): Self.deleteKey(config)
        case (.keys, .get): Self.listKeys()
        case (.batch, .post): Self.batch(config)
        case (.health, .get):
            Self.health("getHealth", "How the service and Redis stand", "It serves; `warn` without Redis.")
        case (.live, .get): Self.health("getLiveness", "Whether the process lives", "It lives.")
        case (.ready, .get): Self.health("getReadiness", "Whether it can serve", "It can serve.")
        case (.stats, .get):
            OperationDocumentation(
                id: "getStatistics", summary: "Statistics since the start",
                responses: [
                    Response(
                        status: .ok, description: "The numbers; names and meanings are those of `/metrics`.",
                        content: Content(
                            type: "\(MediaType.json)",
                            schema: .object(
                                [
                                    .init(name: "version", schema: .string()),
                                    .init(name: "configuration_hash", schema: .string()),
                                    .init(name: "backend", schema: .oneOf(["redis", "local"])),
                                    .init(name: "uptime_seconds", schema: .integer(0...(.max))),
                                    .init(name: "requests", schema: .object([], isOpen: true)),
                                    .init(name: "latency_seconds", schema: .object([], isOpen: true)),
                                ], isOpen: true)))
                ])
        case (.metrics, .get):
            OperationDocumentation(
                id: "getMetrics", summary: "The statistics in the text format of Prometheus",
                responses: [
                    Response(
                        status: .ok, description: "Families of metrics with their help.",
                        content: Content(type: "text/plain; version=0.0.4; charset=utf-8", schema: .string()))
                ])
        case (.openAPI, .get):
            OperationDocumentation(
                id: "getOpenAPI", summary: "This document",
                responses: [
                    Response(
                        status: .ok, description: "OpenAPI 3.1.",
                        content: Content(type: "\(MediaType.json)", schema: .object([], isOpen: true)))
                ])
        default: nil
        }
    }

    private static func health(_ id: String, _ summary: String, _ description: String) -> OperationDocumentation {
        let content = Content(
            type: "\(MediaType.health)",
            schema: .object(
                [
                    .init(name: "status", schema: .oneOf(["pass", "warn", "fail"])),
                    .init(name: "version", schema: .string()),
                    .init(name: "checks", schema: .object([], isOpen: true), isRequired: false),
                ], isOpen: true))
        return OperationDocumentation(
            id: id, summary: summary,
            responses: [
                Response(status: .ok, description: description, content: content),
                Response(
                    status: .serviceUnavailable, description: "It does not.", content: content, fields: [.retryAfter]),
            ])
    }

    // MARK: Keys

    private static func keyParameters(_ config: ServiceConfig) -> [Parameter] {
        [
            Parameter(
                name: "key", place: .path,
                description: """
                    The key, percent-encoded; it may contain `/`, as such or as `%2F`. At most \
                    \(config.http.maxKeyBytes) bytes; no segment of it is `.` or `..`.
                    """, schema: .string(lengths: 1...(config.http.maxKeyBytes * 4 / 3 + 2))),
            Parameter(
                name: "key_encoding", place: .query,
                description: "The key is base64url without padding: for any bytes.",
                schema: .oneOf(["base64url"])),
            Parameter(
                name: "If-Match", place: .header,
                description: "RFC 9110 §13.1.1: only if the value has one of these entity tags, or, for `*`, any.",
                schema: .string(pattern: entityTags)),
            Parameter(
                name: "If-None-Match", place: .header,
                description:
                    "RFC 9110 §13.1.2: only if the value has none of these entity tags, or, for `*`, is missing.",
                schema: .string(pattern: entityTags)),
        ]
    }

    private static let prefer = Parameter(
        name: "Prefer", place: .header,
        description: "`handling=strict`: to be refused rather than kept while Redis is unavailable (RFC 7240).",
        schema: .string())

    private static let entityTags = #"^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$"#

    private static let etag = Field(
        name: "ETag", description: "The SHA-1 of the value, as a strong entity tag.",
        schema: .string(pattern: "^\"[0-9a-f]{40}\"$"))

    private static let source = Field(
        name: "Cache-Source", description: "Who answered: Redis, or this process.", schema: .oneOf(["redis", "local"]))

    private static let kept = Field(
        name: "Cache-Durability", description: "Where the write is until Redis takes it.", schema: .oneOf(["memory"]))

    private static func failures(_ config: ServiceConfig, writing: Bool) -> [Response] {
        [
            .problem(.badRequest, "The key, the query or a field is malformed; the text says which."),
            .problem(.conflict, "The key holds a value of another type of Redis."),
            .problem(
                .preconditionFailed, "If-Match or If-None-Match does not hold; nothing was changed.",
                [Field(name: etag.name, description: etag.description, schema: etag.schema, isRequired: false)]),
            .problem(.uriTooLong, "The key is longer than \(config.http.maxKeyBytes) bytes, or the target too long."),
            .problem(.badGateway, "Redis refuses the command or the credentials."),
            .problem(
                .serviceUnavailable,
                writing
                    ? "Redis is unavailable and the write was not kept." : "Redis is unavailable and there is no copy.",
                [.retryAfter]),
        ]
    }

    private static func getKey(_ config: ServiceConfig) -> OperationDocumentation {
        let fields = [
            etag, source,
            Field(
                name: "Cache-TTL", description: "Seconds that are left; absent where the key does not expire.",
                schema: .integer(0...(.max)), isRequired: false),
            Field(
                name: "Age", description: "Seconds since Redis confirmed the value; where Redis did not give it.",
                schema: .integer(0...(.max)), isRequired: false),
            Field(
                name: "Cache-Status", description: "RFC 9211: why it is given, where Redis did not give it.",
                schema: .string(), isRequired: false),
        ]
        return OperationDocumentation(
            id: "getKey", summary: "The value of a key",
            parameters: keyParameters(config) + [
                Parameter(
                    name: "Cache-Control", place: .header,
                    description:
                        "`no-cache`, `max-age=`, `stale-if-error=`: how old a copy may be that Redis did not give.",
                    schema: .string())
            ],
            responses: [
                Response(
                    status: .ok, description: "The value, byte for byte. Its type follows the extension of the key.",
                    content: Content(type: "*/*", schema: .bytes), fields: fields),
                Response(status: .notModified, description: "If-None-Match names its entity tag.", fields: fields),
                .problem(.notFound, "There is no such key.", [source]),
            ] + failures(config, writing: false))
    }

    private static func putKey(_ config: ServiceConfig) -> OperationDocumentation {
        return OperationDocumentation(
            id: "putKey", summary: "Stores a value under a key",
            parameters: keyParameters(config) + [
                Parameter(
                    name: "ttl", place: .query,
                    description: """
                        How long the key lives: seconds, or a duration like `90s` or `1h30m`, of whole seconds\
                        \(config.maxTTL > .zero ? ", at most `max_ttl`" : ""). Not together with `keep_ttl=true`.
                        """, schema: .string(pattern: ttl)),
                Parameter(
                    name: "keep_ttl", place: .query, description: "Keeps the time to live that the key has.",
                    schema: .oneOf(["true", "false"])),
                prefer,
            ],
            body: Content(type: "application/octet-stream", schema: .bytes),
            responses: [
                Response(
                    status: .created, description: "The key is new.",
                    fields: [
                        etag, source, Field(name: "Location", description: "Where it is.", schema: .string()),
                    ]),
                Response(status: .noContent, description: "It replaced a value.", fields: [etag, source]),
                Response(
                    status: .accepted, description: "Redis is unavailable; the write is kept until it is back.",
                    fields: [etag, source, kept]),
                .problem(.lengthRequired, "Neither Content-Length nor chunked."),
                .problem(.contentTooLarge, "The value is larger than \(config.http.maxValueBytes) bytes."),
                .problem(
                    .unsupportedMediaType, "A Content-Encoding other than identity.",
                    [.accepted("Accept-Encoding", "`identity`: content is taken without a coding.")]),
                .problem(.gatewayTimeout, "A conditional write was not answered; it may have taken place."),
                .problem(.insufficientStorage, "Redis is out of memory."),
            ] + failures(config, writing: true))
    }

    private static func deleteKey(_ config: ServiceConfig) -> OperationDocumentation {
        OperationDocumentation(
            id: "deleteKey", summary: "Deletes a key", parameters: keyParameters(config) + [prefer],
            responses: [
                Response(status: .noContent, description: "It is gone.", fields: [source]),
                Response(
                    status: .accepted, description: "Redis is unavailable; the delete is kept until it is back.",
                    fields: [source, kept]),
                .problem(.notFound, "There is no such key."),
                .problem(.gatewayTimeout, "A conditional delete was not answered; it may have taken place."),
            ] + failures(config, writing: true))
    }

    // MARK: Listing, batch

    private static func listKeys() -> OperationDocumentation {
        let entry = JSONSchema.object([
            .init(name: "key", schema: .string(), isRequired: false),
            .init(name: "key_base64", schema: .string(), isRequired: false),
            .init(name: "ttl", schema: .integer(0...(.max)), isRequired: false),
        ])
        return OperationDocumentation(
            id: "listKeys", summary: "Which keys there are, page by page",
            parameters: [
                Parameter(name: "prefix", place: .query, description: "What the keys begin with.", schema: .string()),
                Parameter(
                    name: "limit", place: .query,
                    description: "About how many keys are looked at: a page may hold more, fewer or none.",
                    schema: .integer(1...1000)),
                Parameter(
                    name: "cursor", place: .query, description: "Where the page before ended, as that page said.",
                    schema: .string(pattern: "^([A-Za-z0-9_-]{32})?$")),
            ],
            responses: [
                Response(
                    status: .ok, description: "A page. `complete` is true in the last one, which has no cursor.",
                    content: Content(
                        type: "\(MediaType.json)",
                        schema: .object([
                            .init(name: "keys", schema: .array(entry)),
                            .init(name: "cursor", schema: .string(), isRequired: false),
                            .init(name: "complete", schema: .boolean),
                        ]))),
                .problem(.badRequest, "The query is malformed, or the cursor one of another listing."),
                .problem(.badGateway, "Redis refuses the command or the credentials."),
                .problem(.serviceUnavailable, "Redis is unavailable.", [.retryAfter]),
            ])
    }

    private static func batch(_ config: ServiceConfig) -> OperationDocumentation {
        let encoding = JSONSchema.Member(name: "encoding", schema: .oneOf(["base64"]), isRequired: false)
        /// With a key as text or in base64.
        func operation(_ name: String, _ more: [JSONSchema.Member]) -> [JSONSchema] {
            ["key", "key_base64"].map { key in
                let schema = key == "key" ? JSONSchema.string() : .string(pattern: base64)
                return .object(
                    [.init(name: "op", schema: .oneOf([name])), .init(name: key, schema: schema)] + more)
            }
        }
        // What a time means is an operation's matter, and answered in its place.
        let lifetime: [JSONSchema.Member] = [
            .init(name: "ttl", schema: .anyOf([.number, .string()]), isRequired: false),
            .init(name: "keep_ttl", schema: .boolean, isRequired: false),
        ]
        let operations =
            operation("get", [encoding]) + operation("delete", [])
            + operation("put", [.init(name: "value", schema: .string())] + lifetime)
            + operation(
                "put",
                [
                    .init(name: "value", schema: .string(pattern: base64)),
                    .init(name: "encoding", schema: .oneOf(["base64"])),
                ] + lifetime)
        let result = JSONSchema.object(
            [
                .init(name: "status", schema: .integer(200...599)),
                .init(name: "value", schema: .string(), isRequired: false),
                .init(name: "encoding", schema: .oneOf(["base64"]), isRequired: false),
                .init(name: "etag", schema: .string(pattern: "^[0-9a-f]{40}$"), isRequired: false),
                .init(name: "ttl", schema: .integer(0...(.max)), isRequired: false),
                .init(name: "source", schema: .oneOf(["local"]), isRequired: false),
                .init(name: "age", schema: .integer(0...(.max)), isRequired: false),
                .init(name: "detail", schema: .string(), isRequired: false),
                .init(name: "retry_after", schema: .integer(1...3600), isRequired: false),
            ])
        let most = BatchReader.maximumOperations
        return OperationDocumentation(
            id: "batch", summary: "Up to \(most) operations in one request",
            body: Content(
                type: "\(MediaType.json)",
                schema: .object([.init(name: "ops", schema: .array(.anyOf(operations), counts: 0...most))])),
            responses: [
                Response(
                    status: .ok, description: "What became of each operation, in their order.",
                    content: Content(
                        type: "\(MediaType.json)",
                        schema: .object([.init(name: "results", schema: .array(result, counts: 0...most))]))),
                .problem(.badRequest, "The content is not JSON, or the request malformed."),
                .problem(.lengthRequired, "Neither Content-Length nor chunked."),
                .problem(
                    .contentTooLarge,
                    "More than \(most) operations, or \(config.http.maxBatchBytes) bytes."),
                .problem(
                    .unsupportedMediaType, "The Content-Type is not JSON, or there is a Content-Encoding.",
                    [
                        .accepted("Accept", "`application/json`, where it was the Content-Type.", isRequired: false),
                        .accepted("Accept-Encoding", "`identity`, where it was the coding.", isRequired: false),
                    ]),
                .problem(.unprocessableContent, "JSON of another shape; `pointer` names the place (RFC 6901)."),
            ])
    }

    private static let base64 = "^([A-Za-z0-9+/]{4})*$"
    private static let ttl = "^([1-9][0-9]{0,9}|([0-9]{1,6}(h|m|s)){1,3})$"
}
