import CisternBytes
import CisternHTTP
import Testing

@testable import CisternService

@Suite struct RouteTests {
    @Test(arguments: [
        ("/keys/a", Route.key), ("/keys/", .key), ("/keys/a/b", .key), ("/keys//", .key), ("/keys/%zz", .key),
        ("/keys", .keys), ("/batch", .batch),
        ("/health", .health), ("/health/live", .live), ("/health/ready", .ready), ("/stats", .stats),
        ("/metrics", .metrics), ("/openapi.json", .openAPI),
    ])
    func everyPathOfTheTableHasItsRoute(path: String, route: Route) {
        #expect(Route(Bytes(path).span) == route)
    }

    @Test(arguments: [
        "", "/", "/Keys", "/Keys/a", "/batch/", "/batches", "/key/a", "keys/a", "//keys/a", "/health/", "/healthy",
        "/health/live/", "/stat",
        "/stats/", "/%6beys/a", "/nowhere",
    ])
    func nothingElseHasOne(path: String) {
        #expect(Route(Bytes(path).span) == nil)
    }

    /// The table of the contract, written out once more.
    @Test(arguments: [
        (Route.key, "/keys/{key}", "GET HEAD PUT DELETE OPTIONS"), (.keys, "/keys", "GET HEAD OPTIONS"),
        (.batch, "/batch", "POST OPTIONS"), (.health, "/health", "GET HEAD OPTIONS"),
        (.live, "/health/live", "GET HEAD OPTIONS"), (.ready, "/health/ready", "GET HEAD OPTIONS"),
        (.stats, "/stats", "GET HEAD OPTIONS"), (.metrics, "/metrics", "GET HEAD OPTIONS"),
        (.openAPI, "/openapi.json", "GET HEAD OPTIONS"),
    ])
    func everyRouteHasItsPathAndItsMethods(route: Route, path: String, methods: String) {
        #expect(route.definition.path.description == path)
        #expect(route.definition.methods.map(\.token.description).joined(separator: " ") == methods)
        for method in HTTPMethod.allCases {
            #expect((route.definition.requirement(for: method) != nil) == route.definition.methods.contains(method))
        }
    }

    @Test func everyMethodNeedsItsScope() {
        let key = Route.key.definition
        for method in [HTTPMethod.get, .head] { #expect(key.requirement(for: method) == .scope(.read)) }
        for method in [HTTPMethod.put, .delete] { #expect(key.requirement(for: method) == .scope(.write)) }
        #expect(Route.keys.definition.requirement(for: .get) == .scope(.list))
        #expect(Route.batch.definition.requirement(for: .post) == .anyToken)
        for route in [Route.stats, .metrics] { #expect(route.definition.requirement(for: .get) == .scope(.admin)) }
        #expect(Route.openAPI.definition.requirement(for: .get) == .anyToken)
        for route in [Route.health, .live, .ready] { #expect(route.definition.requirement(for: .get) == .anyone) }
        for route in Route.allCases { #expect(route.definition.requirement(for: .options) == .anyone) }
    }

    @Test func onlyHealthIsPublicAndAskedForUnderAnyName() {
        #expect(Route.allCases.filter(\.definition.isPublic) == [.health, .live, .ready])
        #expect(Route.allCases.filter { !$0.definition.isHostChecked } == [.health, .live, .ready])
        #expect(!RouteDefinition("/", get: .anyone, post: .anyToken).isPublic)
        #expect(!RouteDefinition("/", delete: .scope(.list)).isPublic)
        #expect(!RouteDefinition("/", put: .anyToken).isPublic)
    }

    @Test func everyPathHasARouteOfItsOwn() {
        for route in Route.allCases where route != .key {
            #expect(Route(Bytes(route.definition.path.description).span) == route)
        }
        #expect(Set(Route.allCases.map(\.definition.path.description)).count == Route.allCases.count)
    }
}
