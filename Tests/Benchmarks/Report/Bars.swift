/// A promise, and what was measured of it.
struct Bar: Equatable, Sendable {
    enum Limit: Equatable, Sendable {
        case atMost(Double)
        case atLeast(Double)
    }

    var text: String
    var limit: Limit
    var value: Double
    /// A second promise of which one is enough.
    var isMetOtherwise = false

    var isMet: Bool {
        switch limit {
        case .atMost(let most): value <= most || isMetOtherwise
        case .atLeast(let least): value >= least || isMetOtherwise
        }
    }

    /// Those whose cells were measured.
    static func all(_ figures: Figures) -> [Bar] {
        redis(figures) + larger(figures) + alone(figures) + resources(figures)
    }

    private static let redis100 = Cell(contender: .cistern, workload: .get100)
    private static let webdis100 = Cell(contender: .webdis, workload: .get100)
    private static let nginx100 = Cell(contender: .nginx, workload: .get100)
    private static let local100 = Cell(contender: .local, workload: .get100)
    private static let open100 = Cell(contender: .open, workload: .get100)

    /// GET of 100 bytes through Redis.
    private static func redis(_ figures: Figures) -> [Bar] {
        let throughput = figures.ratio(\.perSecond, redis100, to: webdis100, .closed)
        let toNginx = figures.ratio(\.perSecond, redis100, to: nginx100, .closed)
        let other = toNginx.map { ", or 0.9 of nginx', of which it is \($0.places(2))" } ?? ""
        return [
            bar("GET 100 B: CPU per request, of webdis'", .atMost(0.45), figures.cpu(redis100, webdis100)),
            bar(
                "GET 100 B: requests per second, of webdis'\(other)", .atLeast(1.8), throughput,
                isMetOtherwise: (toNginx ?? 0) >= 0.9),
            bar(
                "GET 100 B: p99 under full load, of webdis'", .atMost(1),
                figures.ratio(\.p99, redis100, to: webdis100, .closed)),
            bar(
                "GET 100 B: p99 at the same rate, of webdis'", .atMost(1),
                figures.ratio(\.p99, redis100, to: webdis100, .open)),
            bar("GET 100 B: CPU per request, of nginx' constant answer", .atMost(1.1), figures.cpu(redis100, nginx100)),
        ].compactMap { $0 }
    }

    private static func larger(_ figures: Figures) -> [Bar] {
        func bar(
            _ workload: Workload, _ limit: Double, of other: Contender, _ words: String
        ) -> Bar? {
            let value = figures.cpu(
                Cell(contender: .cistern, workload: workload), Cell(contender: other, workload: workload))
            return Self.bar("\(workload.title): CPU per request, of \(words)", .atMost(limit), value)
        }
        return [
            bar(.put100, 0.5, of: .webdis, "webdis'"),
            bar(.get10k, 0.5, of: .webdis, "webdis'"),
            bar(.get1m, 1.3, of: .nginx, "nginx' with a file in memory, sent without a copy"),
            bar(.get1m, 1.3, of: .nginxCopying, "nginx' with a file in memory, copied in and out"),
        ].compactMap { $0 }
    }

    /// Without Redis.
    private static func alone(_ figures: Figures) -> [Bar] {
        [
            bar(
                "backend local: CPU per request, of nginx' constant answer", .atMost(1), figures.cpu(local100, nginx100)
            ),
            bar(
                "breaker open: requests per second, of backend local's", .atLeast(0.9),
                figures.ratio(\.perSecond, open100, to: local100, .closed)),
            bar("breaker open: CPU per request, of backend local's", .atMost(1.1), figures.cpu(open100, local100)),
        ].compactMap { $0 }
    }

    private static func resources(_ figures: Figures) -> [Bar] {
        var twoLoops = redis100
        twoLoops.loops = 2
        // The generator shares the cores, so that capacity cannot be seen in requests per second.
        let cost = figures.ratio(\.cpu, twoLoops, to: redis100, .open)
        return [
            bar(
                "two loops: capacity, of one loop's, by CPU per request at the same rate", .atLeast(1.6),
                cost.map { 2 / $0 }),
            bar(
                "resident memory at 64 connections, MiB", .atMost(24),
                figures.spread(\.memory, redis100, .closed)?.most),
        ].compactMap { $0 }
    }

    private static func bar(_ text: String, _ limit: Limit, _ value: Double?, isMetOtherwise: Bool = false) -> Bar? {
        value.map { Bar(text: text, limit: limit, value: $0, isMetOtherwise: isMetOtherwise) }
    }
}

extension Figures {
    fileprivate func cpu(_ cell: Cell, _ other: Cell) -> Double? { ratio(\.cpu, cell, to: other, .closed) }
}

extension Bar {
    /// A line for people.
    var line: String {
        let bound =
            switch limit {
            case .atMost(let most): "at most \(most)"
            case .atLeast(let least): "at least \(least)"
            }
        return "\(isMet ? "pass" : "MISS")  \(value.places(3))  (\(bound))  \(text)"
    }
}
