internal import CisternBytes
internal import CisternHTTP

/// What the service answers: the one table of paths and methods.
enum Route: Int, CaseIterable, Sendable {
    case key, health, live, ready, stats

    /// The name in statistics: a route, never a key.
    var name: StaticString {
        switch self {
        case .key: "/keys/{key}"
        case .health: "/health"
        case .live: "/health/live"
        case .ready: "/health/ready"
        case .stats: "/stats"
        }
    }

    /// The value of `Allow`.
    var allow: StaticString {
        switch self {
        case .key: "GET, HEAD, PUT, DELETE, OPTIONS"
        case .health, .live, .ready, .stats: "GET, HEAD, OPTIONS"
        }
    }

    func allows(_ method: HTTPMethod) -> Bool {
        switch method {
        case .get, .head, .options: true
        case .put, .delete: self == .key
        case .post, .patch, .trace, .connect: false
        }
    }

    static let keyPrefix: StaticString = "/keys/"

    /// The route of a raw path; nil for an unknown one.
    init?(_ path: Span<UInt8>) {
        let prefix = Self.keyPrefix.utf8CodeUnitCount
        if path.count >= prefix, ASCII.equal(path.extracting(..<prefix), Self.keyPrefix) {
            self = .key
        } else if let fixed = [Route.health, .live, .ready, .stats].first(where: { ASCII.equal(path, $0.name) }) {
            self = fixed
        } else {
            return nil
        }
    }
}
