internal import CisternBytes
internal import Glibc
internal import TestSupport

/// Measures cells in turns, so that what changes on the machine meanwhile meets all of them.
struct Benchmark {
    let rounds: Int
    let seconds: Int
    /// Requests per second of the rounds at a constant rate; nil for half of what the slowest server has served.
    let rate: Double?
    let redis: RedisServerProcess
    private(set) var figures = Figures()

    init(rounds: Int, seconds: Int, rate: Double?) throws {
        self.rounds = rounds
        self.seconds = seconds
        self.rate = rate
        redis = try RedisServerProcess()
    }

    mutating func measure(_ group: Cell.Group, _ cells: [Cell]) throws {
        try redis.fill(group.workload)
        // New ones for each group: memory that others have needed does not count.
        let servers = try cells.map { try Server($0, on: redis) }
        for round in 1...rounds {
            for server in servers {
                say("\(group.workload.title), \(group.connections) connections, round \(round): \(server.cell.title)")
                figures.add(try closed(server, seconds: seconds), server.cell, .closed)
            }
        }
        let slowest = cells.compactMap { figures.spread(\.perSecond, $0, .closed)?.median }.min() ?? 0
        let rate = rate ?? max(1, (slowest / 2).rounded())
        figures.rates[group] = rate
        for round in 1...rounds {
            for server in servers {
                say("\(group.workload.title) at \(rate.places(0)) per second, round \(round): \(server.cell.title)")
                figures.add(try open(server, rate), server.cell, .open)
            }
        }
    }

    /// The longest turn, in seconds.
    private static let longestTurn = 60

    /// A turn in which nothing was answered was too short, and is made again, twice as long.
    private func closed(_ server: Server, seconds: Int) throws -> Round {
        let before = try server.figures
        let report = try Wrk.run(
            port: server.port, server.plan, connections: server.cell.connections, seconds: Double(seconds))
        let after = try server.figures
        guard report.requests > 0 else {
            guard seconds < Self.longestTurn else { throw TestFailure("no answer in \(seconds) s") }
            return try closed(server, seconds: 2 * seconds)
        }
        return Round(
            perSecond: report.perSecond, cpu: microseconds(before, after, report.requests), p50: report.p50,
            p99: report.p99, p999: report.p999, memory: mebibytes(after),
            errors: report.errors(expectingRefusals: server.cell.workload == .miss))
    }

    private func open(_ server: Server, _ rate: Double) throws -> Round {
        let before = try server.figures
        let report = try OpenLoop.run(
            OpenLoop.Load(
                port: server.port, plan: server.plan, connections: server.cell.connections, rate: rate,
                seconds: Double(seconds), accepts: server.cell.workload.accepts))
        let after = try server.figures
        let times = report.summary
        return Round(
            perSecond: report.perSecond, cpu: microseconds(before, after, report.answered),
            p50: times.p50 / .microseconds(1), p99: times.p99 / .microseconds(1), p999: times.p999 / .microseconds(1),
            memory: mebibytes(after), errors: report.errors, isGeneratorLate: report.isGeneratorLate)
    }

    private func microseconds(_ before: ProcessFigures, _ after: ProcessFigures, _ requests: Int) -> Double {
        Double(after.nanoseconds - before.nanoseconds) / 1000 / Double(max(1, requests))
    }

    private func mebibytes(_ figures: ProcessFigures) -> Double { Double(figures.peakBytes) / 1_048_576 }

    /// What it is at, beside the results.
    private func say(_ text: String) {
        var line = text + "\n"
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
