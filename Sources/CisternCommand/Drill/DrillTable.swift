/// Who answered how often, and how fast, while Redis was there, away, and back.
struct DrillTable {
    enum Phase: String, CaseIterable {
        case there = "Redis there"
        case away = "Redis away"
        case back = "Redis back"
    }

    /// How an operation was answered.
    enum Answer: String, CaseIterable {
        case redis = "by Redis"
        case copy = "from here"
        case kept = "kept"
        case refused = "refused"
    }

    private struct Row {
        var counts: [Answer: Int] = [:]
        var slowest: Duration = .zero
    }

    private var rows: [Phase: Row] = [:]

    mutating func add(_ answer: Answer, in phase: Phase, after time: Duration) {
        rows[phase, default: Row()].counts[answer, default: 0] += 1
        rows[phase, default: Row()].slowest = max(rows[phase]?.slowest ?? .zero, time)
    }

    /// A line for each phase in which there were operations, below one of titles.
    var text: String {
        let titles = ["operations"] + Answer.allCases.map(\.rawValue) + ["slowest"]
        var lines = [("", titles)]
        for phase in Phase.allCases {
            guard let row = rows[phase] else { continue }
            let counts = Answer.allCases.map { row.counts[$0] ?? 0 }
            let numbers = ([counts.reduce(0, +)] + counts).map { "\($0)" }
            lines.append((phase.rawValue, numbers + [row.slowest.shown]))
        }
        return lines.map { name, cells in
            zip(cells, titles).reduce(name.padded(to: 11)) { $0 + "  " + $1.0.aligned(to: max(8, $1.1.count)) }
        }.joined(separator: "\n")
    }
}
