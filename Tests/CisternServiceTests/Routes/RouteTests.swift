import CisternBytes
import CisternHTTP
import Testing

@testable import CisternService

@Suite struct RouteTests {
    @Test(arguments: [
        ("/keys/a", Route.key), ("/keys/", .key), ("/keys/a/b", .key), ("/keys//", .key), ("/keys/%zz", .key),
        ("/health", .health), ("/health/live", .live), ("/health/ready", .ready), ("/stats", .stats),
    ])
    func everyPathOfTheTableHasItsRoute(path: String, route: Route) {
        #expect(Route(Bytes(path).span) == route)
    }

    @Test(arguments: [
        "", "/", "/keys", "/Keys/a", "/key/a", "keys/a", "//keys/a", "/health/", "/healthy", "/health/live/", "/stat",
        "/stats/", "/%6beys/a", "/nowhere",
    ])
    func nothingElseHasOne(path: String) {
        #expect(Route(Bytes(path).span) == nil)
    }

    @Test(arguments: Route.allCases) func allowNamesTheMethodsThatAreAllowed(route: Route) {
        let named = "\(route.allow)".split(separator: ", ").map(String.init)
        let allowed = HTTPMethod.allCases.filter(route.allows).map { "\($0.token)" }
        #expect(Set(named) == Set(allowed))
        #expect(named.count == allowed.count)
    }

    @Test func keysCanBeWrittenAndNothingElse() {
        #expect(Route.key.allow.description == "GET, HEAD, PUT, DELETE, OPTIONS")
        for route in Route.allCases where route != .key { #expect(route.allow.description == "GET, HEAD, OPTIONS") }
    }
}
