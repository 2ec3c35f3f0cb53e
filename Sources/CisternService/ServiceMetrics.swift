internal import CisternBytes
internal import CisternHTTP
internal import CisternSockets

/// What one loop has answered. Written by that loop alone, read from any thread.
final class ServiceMetrics: Sendable {
    /// What is counted apart: the routes, and, as nil, requests that led to none.
    static let rows: [Route?] = Route.allCases + [nil]

    private static let statusClasses = 5
    private static let requestCounts = rows.count * statusClasses

    /// Requests by row and by the first digit of the status. Never replaced, and freed with this object: readers hold it.
    nonisolated(unsafe) private let requests = UnsafeMutablePointer<LoopCounter>.allocate(capacity: requestCounts)
    private let latencies: [LatencyHistogram]
    let hits = LoopCounter()
    let misses = LoopCounter()
    let stored = LoopCounter()
    let deleted = LoopCounter()

    init() {
        for row in 0..<Self.requestCounts { (requests + row).initialize(to: LoopCounter()) }
        latencies = Route.allCases.map { _ in LatencyHistogram() }
    }

    deinit {
        requests.deinitialize(count: Self.requestCounts)
        requests.deallocate()
    }

    /// Counts an answer; for a route nil, it led to none.
    func count(_ route: Route?, _ status: HTTPStatus) { requests[Self.row(route, class: status.code / 100)].add() }

    /// Notes how long an answer took.
    func note(_ route: Route, since requestEnd: MonotonicTime) {
        latencies[route.rawValue].record(nanoseconds: MonotonicTime.now.nanoseconds &- requestEnd.nanoseconds)
    }

    func requests(_ route: Route?, class digit: Int) -> Int { requests[Self.row(route, class: digit)].value }

    func latency(_ route: Route) -> LatencyHistogram { latencies[route.rawValue] }

    private static func row(_ route: Route?, class digit: Int) -> Int {
        assert(1...statusClasses ~= digit, "a status has one of five classes")
        return (route?.rawValue ?? Route.allCases.count) * statusClasses + digit - 1
    }

    /// What a row is called: by the route and never by the key.
    static func label(_ route: Route?) -> String { route.map { "\($0.definition.path)" } ?? "unrouted" }
}
