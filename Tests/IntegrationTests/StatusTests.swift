import CisternBytes
import TestSupport
import Testing

/// In what state a service is that a status is asked of. Each is one service for all the cases that need it.
private enum Situation: CaseIterable {
    /// On its embedded cache, without tokens.
    case local
    /// With the tokens of ``Tokens``.
    case guarded
    /// It gives a head one second.
    case impatient
    case redis
    /// On a Redis that does not let it write.
    case forbidden
    /// On a Redis that has no memory left.
    case full
    /// On a Redis that does not answer any more.
    case stalled
    /// Redis is away.
    case away
    /// Redis is away, and there is no fallback.
    case lost

    private static let onImpatient = Result { try Stack.local(["CISTERN_HTTP_HEADER_TIMEOUT": "1s"]) }

    private static let onForbidden = Result {
        var options = RedisServerProcess.Options()
        options.users = ["reader on >wonder ~* &* +@all -@write"]
        return try Stack(
            redis: options, environment: ["REDIS_USERNAME": "reader", "REDIS_PASSWORD": "wonder"])
    }

    private static let onFull = Result {
        let stack = try Stack()
        try stack.redis?.cli("CONFIG", "SET", "maxmemory", "1")
        return stack
    }

    private static let onStalled = Result {
        let stack = try Stack()
        guard try stack.becomes("pass") else { throw TestFailure("the service does not reach its Redis") }
        stack.redis?.pause()
        return stack
    }

    private static let onAway = Result { try withoutRedis([:]) }
    private static let onLost = Result { try withoutRedis(["CISTERN_FALLBACK_ENABLED": "false"]) }

    private static func withoutRedis(_ environment: [String: String]) throws -> Stack {
        let stack = try Stack(environment: environment)
        stack.redis?.kill9()
        guard try eventually({ try stack.health() != "pass" }) else { throw TestFailure("nobody misses Redis") }
        return stack
    }

    var stack: Stack {
        get throws {
            switch self {
            case .local: try Backend.local.stack
            case .guarded: try Tokens.service.get()
            case .impatient: try Self.onImpatient.get()
            case .redis: try Backend.redis.stack
            case .forbidden: try Self.onForbidden.get()
            case .full: try Self.onFull.get()
            case .stalled: try Self.onStalled.get()
            case .away: try Self.onAway.get()
            case .lost: try Self.onLost.get()
            }
        }
    }
}

/// One status of one route, and a request that gets it.
private struct StatusCase: Sendable, CustomTestStringConvertible {
    enum Way: Sendable {
        case curl(CurlRequest)
        /// As it stands, for what libcurl does not send.
        case raw(String)
    }

    let route: String
    let status: Int
    let situation: Situation
    let way: Way

    /// - Parameter path: behind the route's own.
    init(
        _ route: String, _ status: Int, _ situation: Situation = .local, _ method: String = "GET", _ path: String = "",
        _ headers: String..., body: CurlRequest.Body = .none
    ) {
        self.route = route
        self.status = status
        self.situation = situation
        way = .curl(CurlRequest(method, Self.path(route) + path, headers: headers, body: body))
    }

    init(_ route: String, _ status: Int, _ situation: Situation, _ request: CurlRequest) {
        self.route = route
        self.status = status
        self.situation = situation
        way = .curl(request)
    }

    init(_ route: String, _ status: Int, _ situation: Situation, raw: String) {
        self.route = route
        self.status = status
        self.situation = situation
        way = .raw(raw)
    }

    /// Every key begins with `status`; that one has a value.
    static let key = "/keys/{key}"

    static func path(_ route: String) -> String { route == key ? "/keys/status" : route }

    var testDescription: String { "\(status) \(route) (\(situation))" }

    // MARK: The table

    /// What the contract has for each route: a route or a status that is new is added here, and then its cases.
    static let contract: [String: Set<Int>] = [
        key: general.union(checked).union(keys), "/health": general.union([503]), "/health/live": general,
        "/health/ready": general.union([503]), "/stats": general.union(checked), "/metrics": general.union(checked),
        // Any token will do there.
        "/openapi.json": general.union(checked).subtracting([403]), "/keys": general.union(checked).union([503]),
        // Of the operations each has a status of its own.
        "/batch": general.union(checked).subtracting([403]).union([411, 413, 415, 422]),
    ]

    /// What every route has.
    private static let general: Set = [200, 204, 400, 405, 408, 414, 417, 431, 501, 505]
    /// What those have that look at tokens and `Host`.
    private static let checked: Set = [401, 403, 421]
    private static let keys: Set = [201, 202, 304, 404, 409, 411, 412, 413, 415, 502, 503, 504, 507]

    static let all: [StatusCase] =
        contract.keys.filter { $0 != "/batch" }.sorted().flatMap(general) + access + ofKeys + ofListing + ofBatches
        + ofHealth

    private static func general(_ route: String) -> [StatusCase] {
        [
            StatusCase(route, 200),
            StatusCase(route, 200, .local, "HEAD"),
            StatusCase(route, 204, .local, "OPTIONS"),
            StatusCase(route, 400, .local, "GET", "?nonsense=1"),
            StatusCase(route, 405, .local, "POST", "", "Content-Length: 0"),
            StatusCase(route, 405, .local, "PATCH", "", "Content-Length: 0"),
            StatusCase(route, 414, .local, "GET", "?" + String(repeating: "q", count: 8192)),
            StatusCase(route, 417, .local, "GET", "", "Expect: nonsense"),
            StatusCase(route, 431, .local, "GET", "", "X-Large: " + String(repeating: "x", count: 17_000)),
            StatusCase(route, 501, .local, "BREW"),
            StatusCase(route, 400, .local, raw: "GET \(path(route)) HTTP/1.1\nHost: localhost\n\n"),
            StatusCase(route, 408, .impatient, raw: "GET \(path(route)) HTTP/1.1\r\n"),
            StatusCase(route, 505, .local, raw: "GET \(path(route)) HTTP/2.0\r\nHost: localhost\r\n\r\n"),
        ]
    }

    private static let access =
        [
            StatusCase(key, 401, .guarded),
            StatusCase(key, 401, .guarded, "GET", "", Tokens.field(Tokens.unknown)),
            StatusCase(key, 403, .guarded, "GET", "", Tokens.field(Tokens.token(["list"]))),
            StatusCase(key, 403, .guarded, "DELETE", "", Tokens.field(Tokens.token(["read"]))),
            StatusCase(key, 421, .local, "GET", "", "Host: evil.example"),
        ]
        + ["/stats", "/metrics", "/keys", "/openapi.json"].flatMap { route in
            [StatusCase(route, 401, .guarded), StatusCase(route, 421, .local, "GET", "", "Host: evil.example")]
        }
        + ["/stats", "/metrics", "/keys"].map { route in
            StatusCase(route, 403, .guarded, "GET", "", Tokens.field(Tokens.token(["read"])))
        }
        + [StatusCase("/openapi.json", 200, .guarded, "GET", "", Tokens.field(Tokens.token(["read"])))]

    // Held here as well as in the cases, whose enums hide their pointers from leak checkers in tag bits.
    private static let twoPieces: [Bytes] = ["v", "w"]
    private static let tooLargePiece = [Bytes(repeatElement(0x61, count: (1 << 20) + 1))]

    private static let ofKeys = [
        StatusCase(key, 200, .redis),
        StatusCase(key, 201, .local, "PUT", "-new", body: .whole("v")),
        StatusCase(key, 201, .redis, "PUT", "-new", body: .chunked(twoPieces)),
        StatusCase(key, 202, .away, "PUT", "-kept", body: .whole("v")),
        StatusCase(key, 202, .away, "DELETE", "-kept-too"),
        StatusCase(key, 204, .local, "PUT", body: .whole("value")),
        StatusCase(key, 204, .redis, "PUT", body: .whole("value")),
        StatusCase(key, 304, .local, "GET", "", "If-None-Match: *"),
        StatusCase(key, 304, .redis, "HEAD", "", "If-None-Match: *"),
        StatusCase(key, 400, .local, "GET", "%zz"),
        StatusCase(key, 400, .local, "PUT", "-x?ttl=0", body: .whole("v")),
        StatusCase(key, 400, .local, "GET", "", "If-Match: nonsense"),
        StatusCase(key, 400, .local, "PUT", "-x", "Content-Range: bytes 0-0/1", body: .whole("v")),
        StatusCase(key, 404, .local, "GET", "-none"),
        StatusCase(key, 404, .redis, "DELETE", "-none"),
        StatusCase(key, 409, .redis, "PUT", "-list", body: .whole("v")),
        StatusCase(key, 409, .redis, "GET", "-list"),
        StatusCase(key, 411, .local, "PUT", "-x"),
        StatusCase(key, 412, .local, "PUT", "", "If-None-Match: *", body: .whole("v")),
        StatusCase(key, 412, .redis, "DELETE", "", "If-Match: \"0\""),
        StatusCase(key, 413, .local, "PUT", "-x", body: .whole(Bytes(repeatElement(0x61, count: (1 << 20) + 1)))),
        StatusCase(key, 413, .local, "PUT", "-x", body: .chunked(tooLargePiece)),
        StatusCase(key, 414, .local, "GET", String(repeating: "k", count: 1020)),
        StatusCase(key, 415, .local, "PUT", "-x", "Content-Encoding: gzip", body: .whole("v")),
        StatusCase(key, 417, .local, "PUT", "-x", "Expect: nonsense", body: .whole("v")),
        StatusCase(key, 502, .forbidden, "PUT", body: .whole("v")),
        StatusCase(key, 503, .away),
        StatusCase(key, 503, .away, "PUT", "", "If-Match: *", body: .whole("v")),
        StatusCase(key, 503, .away, "PUT", "-x", "Prefer: handling=strict", body: .whole("v")),
        StatusCase(key, 503, .lost, "PUT", body: .whole("v")),
        StatusCase(key, 504, .stalled, "PUT", "", "If-None-Match: *", body: .whole("v")),
        StatusCase(key, 507, .full, "PUT", body: .whole("v")),
    ]

    private static let ofListing = [
        StatusCase("/keys", 200, .redis, "GET", "?prefix=st&limit=1"),
        StatusCase("/keys", 400, .local, "GET", "?limit=0"),
        StatusCase("/keys", 400, .local, "GET", "?cursor=foreign"),
        StatusCase("/keys", 503, .away),
        StatusCase("/keys", 503, .lost),
    ]

    private static func batch(
        _ status: Int, _ text: String, _ path: String = "", _ headers: String..., method: String = "POST",
        in situation: Situation = .local
    ) -> StatusCase {
        let request = CurlRequest(
            method, "/batch" + path, headers: ["Content-Type: application/json"] + headers, body: .whole(Bytes(text)))
        return StatusCase("/batch", status, situation, request)
    }

    private static let getBatch = #"{"ops": [{"op": "get", "key": "status"}]}"#

    private static let ofBatches = [
        batch(200, getBatch),
        batch(200, getBatch, in: .redis),
        batch(200, getBatch, in: .away),
        batch(200, getBatch, "", Tokens.field(Tokens.token(["admin"])), in: .guarded),
        StatusCase("/batch", 204, .local, "OPTIONS"),
        batch(400, getBatch, "?nonsense=1"),
        batch(400, "{"),
        batch(400, getBatch, "", "If-Match: *"),
        batch(401, getBatch, in: .guarded),
        StatusCase("/batch", 405),
        batch(405, getBatch, method: "PUT"),
        StatusCase("/batch", 408, .impatient, raw: "POST /batch HTTP/1.1\r\n"),
        StatusCase("/batch", 411, .local, "POST", "", "Content-Type: application/json"),
        batch(
            413, #"{"ops": [\#(Array(repeating: #"{"op": "get", "key": "k"}"#, count: 101).joined(separator: ","))]}"#),
        batch(413, String(repeating: " ", count: (8 << 20) + 1)),
        batch(414, getBatch, "?" + String(repeating: "q", count: 8192)),
        StatusCase("/batch", 415, .local, "POST", "", "Content-Type: text/plain", body: .whole("{}")),
        batch(415, getBatch, "", "Content-Encoding: gzip"),
        batch(417, getBatch, "", "Expect: nonsense"),
        batch(421, getBatch, "", "Host: evil.example"),
        batch(422, "[]"),
        batch(422, #"{"ops": [{"op": "get"}]}"#),
        batch(431, getBatch, "", "X-Large: " + String(repeating: "x", count: 17_000)),
        batch(501, getBatch, method: "BREW"),
        StatusCase("/batch", 505, .local, raw: "POST /batch HTTP/2.0\r\nHost: localhost\r\n\r\n"),
    ]

    private static let ofHealth = [
        StatusCase("/health", 200, .away),
        StatusCase("/health", 503, .lost),
        StatusCase("/health/live", 200, .lost),
        StatusCase("/health/ready", 200, .away),
        StatusCase("/health/ready", 503, .lost),
        StatusCase("/health", 200, .local, "GET", "", "Host: evil.example"),
        StatusCase("/health/live", 200, .guarded),
    ]
}

@Suite("Routes and statuses", .blocking) struct StatusTests {
    /// What the cases find when they begin.
    private static let prepared = Result {
        for situation in [Situation.local, .redis] {
            _ = try situation.stack.curl().put(StatusCase.path(StatusCase.key), "value")
        }
        try Situation.redis.stack.redis?.cli("RPUSH", "status-list", "v")
    }

    @Test func everyStatusOfTheContractIsCovered() {
        let covered = Dictionary(grouping: StatusCase.all, by: \.route).mapValues { Set($0.map(\.status)) }
        for (route, statuses) in StatusCase.contract {
            #expect(covered[route]?.sorted() == statuses.sorted(), "\(route)")
        }
        #expect(covered.count == StatusCase.contract.count)
    }

    @Test(arguments: StatusCase.all) private func aRequestGetsIt(_ status: StatusCase) throws {
        try Self.prepared.get()
        let stack = try status.situation.stack
        switch status.way {
        case .raw(let text):
            let connection = try stack.raw()
            try connection.send(Bytes(text))
            let answer = try connection.readResponse()
            #expect(answer.status == status.status)
            #expect(answer.headers["Content-Type"] == "application/problem+json")
            #expect(answer.headers["Connection"] == "close")
        case .curl(let request):
            let answer = try stack.curl().send(request)
            #expect(answer.status == status.status, "\(answer.text)")
            #expect(answer.status != 503 || Int(answer.headers["Retry-After"] ?? "") ?? 0 >= 1)
            // What health says while it fails is not a problem's form but its own.
            guard answer.status >= 400, !status.route.hasPrefix("/health") || answer.status != 503 else { return }
            #expect(answer.headers["Content-Type"] == "application/problem+json")
            guard request.method != "HEAD" else { return }
            #expect(try JSONText(answer.text)["status"]?.number == Double(status.status))
        }
    }
}
