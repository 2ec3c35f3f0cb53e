internal import CisternBytes
internal import CisternHTTP
internal import CisternSockets

/// What one loop has answered. Written by that loop alone, read from any thread.
final class ServiceMetrics: Sendable {
    /// What is counted apart: the routes, and, as nil, requests that led to none.
    static let rows: [Route?] = Route.allCases + [nil]

    /// Requests by row and by the first digit of the status.
    private let requests: [LoopCounter]
    private let latencies: [LatencyHistogram]
    let hits = LoopCounter()
    let misses = LoopCounter()
    let stored = LoopCounter()
    let deleted = LoopCounter()

    init() {
        requests = (0..<Self.rows.count * 5).map { _ in LoopCounter() }
        latencies = Route.allCases.map { _ in LatencyHistogram() }
    }

    /// Counts an answer; for a route nil, it led to none.
    func count(_ route: Route?, _ status: HTTPStatus) { counter(route, class: status.code / 100).add() }

    /// Notes how long an answer took.
    func note(_ route: Route, since requestEnd: MonotonicTime) {
        latencies[route.rawValue].record(nanoseconds: MonotonicTime.now.nanoseconds &- requestEnd.nanoseconds)
    }

    func requests(_ route: Route?, class digit: Int) -> Int { counter(route, class: digit).value }

    func latency(_ route: Route) -> LatencyHistogram { latencies[route.rawValue] }

    private func counter(_ route: Route?, class digit: Int) -> LoopCounter {
        requests[(route?.rawValue ?? Route.allCases.count) * 5 + digit - 1]
    }

    /// What a row is called: by the route and never by the key.
    static func label(_ route: Route?) -> String { route.map { "\($0.definition.path)" } ?? "unrouted" }
}
