internal import CisternHTTP
internal import CisternSockets

/// What one loop has answered. Written by that loop alone, read from any thread.
final class ServiceMetrics: Sendable {
    /// Requests by route and by the first digit of the status.
    private let requests: [LoopCounter]
    /// Requests that led to no route.
    let unrouted = LoopCounter()
    let hits = LoopCounter()
    let misses = LoopCounter()
    let stored = LoopCounter()
    let deleted = LoopCounter()

    init() {
        requests = (0..<Route.allCases.count * 5).map { _ in LoopCounter() }
    }

    func count(_ route: Route, _ status: HTTPStatus) {
        requests[route.rawValue * 5 + status.code / 100 - 1].add()
    }

    func requests(_ route: Route, class digit: Int) -> Int {
        requests[route.rawValue * 5 + digit - 1].value
    }
}
