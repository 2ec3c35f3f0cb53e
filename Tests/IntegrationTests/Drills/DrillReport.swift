import TestSupport
import Testing

/// What a drill has shown.
struct DrillReport: CustomStringConvertible {
    let history: History
    let remains: History.Remains
    let statistics: JSONText
    /// Whether the breakers closed, nothing was pending and `/health` passed again, in time.
    let hasRecovered: Bool
    /// How long that took from the cure on.
    let recovery: Duration
    /// When it had recovered.
    let recovered: Duration
    let seed: Int
    let healthInOutages: [String]
    /// The keys in whose name a conflict was logged.
    let conflicts: [String]
    /// What Redis has executed, where that was written down.
    let executed: String
    let log: String
    let violations: [Violation]

    init(
        history: History, remains: History.Remains, statistics: JSONText, hasRecovered: Bool, recovery: Duration,
        recovered: Duration, seed: Int, healthInOutages: [String], conflicts: [String], executed: String,
        log: String
    ) {
        self.history = history
        self.remains = remains
        self.statistics = statistics
        self.hasRecovered = hasRecovered
        self.recovery = recovery
        self.recovered = recovered
        self.seed = seed
        self.healthInOutages = healthInOutages
        self.conflicts = conflicts
        self.executed = executed
        self.log = log
        violations = HistoryChecker(history).violations(remains)
    }

    func pending(_ name: String) -> Int { Int(statistics["pending"]?[name]?.number ?? -1) }

    /// How many answers an outage had: of a kind, a status, and from a copy or not.
    func count(_ kind: Operation.Kind, _ status: Int, local: Bool? = nil) -> Int {
        history.operations.count { operation in
            operation.kind == kind && operation.status == status && (local == nil || operation.isLocal == local)
                && history.outages.contains { $0.contains(operation) }
        }
    }

    /// Whether the clients got answers from Redis again, to reads and to writes.
    var isServedByRedisAgain: Bool {
        let after = history.operations.filter { $0.start >= recovered }
        return after.contains { $0.kind == .get && $0.status == 200 && $0.source == "redis" }
            && after.contains { $0.kind == .put && $0.outcome == .stored }
    }

    /// Expects what every outage of Redis has to show: copies, refusals of what nobody knows, writes and deletes kept,
    /// a warning, and everything in Redis in the end.
    func expectOutage(sourceLocation: SourceLocation = #_sourceLocation) {
        var faults = faults() + faultsOfKeeping()
        for (status, local) in [(200, true), (404, true), (503, nil)] as [(Int, Bool?)]
        where count(.get, status, local: local) == 0 {
            faults.append("no GET \(status) in the outage")
        }
        #expect(faults.isEmpty, "\(self)", sourceLocation: sourceLocation)
    }

    /// The same for an outage of writes alone: reads go on from Redis.
    func expectOutageOfWrites(sourceLocation: SourceLocation = #_sourceLocation) {
        var faults = faults() + faultsOfKeeping()
        if count(.get, 200, local: false) <= 20 * count(.get, 503) { faults.append("reads do not go on from Redis") }
        #expect(faults.isEmpty, "\(self)", sourceLocation: sourceLocation)
    }

    /// Expects that no promise was broken, and that Redis serves again.
    func expectClean(sourceLocation: SourceLocation = #_sourceLocation) {
        let faults = faults()
        #expect(faults.isEmpty, "\(self)", sourceLocation: sourceLocation)
    }

    private func faults() -> [String] {
        var faults: [String] = []
        if !violations.isEmpty { faults.append("\(violations.count) violations") }
        if !hasRecovered { faults.append("not recovered") }
        if !isServedByRedisAgain { faults.append("not served by Redis again") }
        // Nobody else writes here. Of writes of one key at the same time, on two connections, nobody knows which one Redis
        // took last: a kept write after them may meet the other, and that is counted as a conflict too.
        let unexplained = conflicts.filter { !history.sharedKeys.contains($0) }
        if !unexplained.isEmpty { faults.append("conflicts of \(unexplained)") }
        if pending("conflicts") != conflicts.count {
            faults.append("\(pending("conflicts")) conflicts, \(conflicts.count) logged")
        }
        return faults
    }

    private func faultsOfKeeping() -> [String] {
        var faults: [String] = []
        for kind in [Operation.Kind.put, .delete] where count(kind, 202) == 0 {
            faults.append("no \(kind.rawValue) 202 in the outage")
        }
        if !healthInOutages.allSatisfy({ $0 == "warn" }) { faults.append("health \(healthInOutages)") }
        if pending("replayed") <= 0 { faults.append("\(pending("replayed")) replayed") }
        return faults
    }

    /// Times of the answers within the outages, in order.
    var outageTimes: [Duration] {
        history.operations.filter { operation in history.outages.contains { $0.contains(operation) } }
            .map { $0.end - $0.start }.sorted()
    }

    /// The last that happened to the key of a violation before it.
    private func story(of violation: Violation) -> [String] {
        guard let key = violation.key, let time = violation.time else { return [] }
        return story(of: key, until: time)
    }

    private func story(of key: String, until time: Duration) -> [String] {
        let operations = history.operations.filter { $0.key == key && $0.start <= time }.sorted { $0.start < $1.start }
        let remaining = remains.content[key].map { "\($0)" } ?? "nothing"
        return ["    the story of \(key), under which Redis holds \(remaining) in the end:"]
            + operations.suffix(environmentVariable("DRILL_STORY").flatMap { Int($0) } ?? 60).map { "        \($0)" }
            + executed.split(separator: "\n").filter { line in
                ["\"\(key)\"", "\"KILL\"", "\"HELLO\""].contains { line.contains($0) }
            }.suffix(100).map { "        \($0.prefix(200))" }
    }

    var description: String {
        var lines = ["seed \(seed), \(history.operations.count) operations, recovered: \(hasRecovered)"]
        lines[0] += " after \(recovery.inMilliseconds) ms"
        lines[0] += ", health in the outages: \(healthInOutages)"
        let times = outageTimes
        if let last = times.last {
            let p99 = times[times.count * 99 / 100]
            lines.append(
                "in the outage: \(times.count) answers, p99 \(p99.inMilliseconds) ms, longest \(last.inMilliseconds) ms"
            )
        }
        var answers: [String: Int] = [:]
        for operation in history.operations {
            let source = operation.source.map { " \($0)" } ?? ""
            answers["\(operation.kind.rawValue) \(operation.status.map(String.init) ?? "none")\(source)", default: 0] +=
                1
        }
        lines.append(answers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", "))
        for name in ["breaker", "write_breaker", "health", "fallback", "pending"] {
            lines.append("\(name): \(statistics[name].map { "\($0)" } ?? "no such statistics")")
        }
        for rule in Violation.Rule.allCases {
            let broken = violations.filter { $0.rule == rule }
            guard !broken.isEmpty else { continue }
            lines.append("\(rule.rawValue): \(broken.count) violations")
            lines += broken.prefix(5).map { "    \($0.text)" }
            lines += broken.first.map(story) ?? []
        }
        if !history.pauses.isEmpty {
            let pauses = history.pauses.map { "\($0.start.inMilliseconds)–\($0.end.inMilliseconds)" }
            lines.append("the machine stood still at \(pauses.joined(separator: ", ")) ms")
        }
        for key in Set(conflicts) {
            lines.append("a conflict of \(key)")
            lines += story(of: key, until: .seconds(1 << 31))
        }
        lines.append("the service's log ends:")
        lines += log.split(separator: "\n").suffix(25).map { "    \($0)" }
        return lines.joined(separator: "\n")
    }
}
