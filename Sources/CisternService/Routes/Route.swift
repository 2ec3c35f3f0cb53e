internal import CisternBytes
internal import CisternHTTP

/// What the service answers: the one table of routes.
///
/// A route is a case here, its definition below, and a handler in ``CacheService``; the compiler asks for all three.
enum Route: Int, CaseIterable, Sendable {
    case key, keys, batch, health, live, ready, stats, metrics, openAPI

    /// All that is known of the route but its handler.
    var definition: RouteDefinition {
        switch self {
        case .key:
            RouteDefinition("/keys/{key}", get: .scope(.read), put: .scope(.write), delete: .scope(.write))
        case .keys: RouteDefinition("/keys", get: .scope(.list))
        // What each operation needs is asked for when it is known.
        case .batch: RouteDefinition("/batch", post: .anyToken)
        // Health is asked for by address, whatever the service is called, and by those who have no token. What is said
        // beyond the status needs the scope admin.
        case .health: RouteDefinition("/health", get: .anyone, isHostChecked: false)
        case .live: RouteDefinition("/health/live", get: .anyone, isHostChecked: false)
        case .ready: RouteDefinition("/health/ready", get: .anyone, isHostChecked: false)
        case .stats: RouteDefinition("/stats", get: .scope(.admin))
        case .metrics: RouteDefinition("/metrics", get: .scope(.admin))
        case .openAPI: RouteDefinition("/openapi.json", get: .anyToken)
        }
    }

    /// What the path of every key begins with.
    static let keyPrefix: StaticString = "/keys/"

    /// The route of a raw path; nil for an unknown one.
    init?(_ path: Span<UInt8>) {
        let prefix = Self.keyPrefix.utf8CodeUnitCount
        if path.count >= prefix, ASCII.equal(path.extracting(..<prefix), Self.keyPrefix) {
            self = .key
        } else if let fixed = Self.allCases.first(where: { ASCII.equal(path, $0.definition.path) }) {
            self = fixed
        } else {
            return nil
        }
    }
}
