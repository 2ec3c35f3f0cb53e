internal import CisternBytes

/// Statistics as `/metrics` gives them: the text format of Prometheus, version 0.0.4.
struct PrometheusStatistics: StatisticsWriter {
    private var text: [UInt8] = []
    private var groups: [StaticString] = ["cistern"]

    init() { text.reserveCapacity(16384) }

    /// The whole text.
    consuming func finish() -> Bytes { Bytes(adopting: text) }

    mutating func begin(_ group: StaticString) { groups.append(group) }

    mutating func end() { groups.removeLast() }

    mutating func facts(_ facts: [(name: StaticString, value: String)], _ help: StaticString) {
        let family = family("info", "gauge", help)
        let labels = facts.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        sample(family, labels, "1")
    }

    mutating func counter(_ name: StaticString, _ value: Int, _ help: StaticString) {
        let family = family("\(name)_total", "counter", help)
        sample(family, "", "\(value)")
    }

    mutating func gauge(_ name: StaticString, _ value: Int?, _ help: StaticString) {
        guard let value else { return }
        let family = family("\(name)", "gauge", help)
        sample(family, "", "\(value)")
    }

    mutating func time(_ name: StaticString, _ value: Duration?, _ help: StaticString) {
        guard let value else { return }
        let family = family("\(name)", "gauge", help)
        sample(family, "", "\(value / .seconds(1))")
    }

    mutating func state(_ name: StaticString, _ value: String, of all: [String], _ help: StaticString) {
        let family = family("\(name)", "gauge", help)
        for state in all { sample(family, "\(name)=\"\(Self.escaped(state))\"", state == value ? "1" : "0") }
    }

    mutating func counters(
        _ name: StaticString, labels: (StaticString, StaticString), _ rows: [StatisticsRow], _ help: StaticString
    ) {
        let family = family("\(name)_total", "counter", help)
        for row in rows {
            for (label, count) in row.counts {
                sample(family, "\(labels.0)=\"\(Self.escaped(row.label))\",\(labels.1)=\"\(label)\"", "\(count)")
            }
        }
    }

    mutating func latencies(
        _ name: StaticString, label: StaticString, _ rows: [(String, LatencySummary)], _ help: StaticString
    ) {
        let family = family("\(name)", "summary", help)
        for row in rows { write(row.1, family, "\(label)=\"\(Self.escaped(row.0))\"") }
    }

    mutating func latency(_ name: StaticString, _ summary: LatencySummary, _ help: StaticString) {
        let family = family("\(name)", "summary", help)
        write(summary, family, "")
    }

    private mutating func write(_ summary: LatencySummary, _ family: String, _ labels: String) {
        for percentile in summary.percentiles {
            let separator = labels.isEmpty ? "" : ","
            sample(family, "\(labels)\(separator)quantile=\"\(percentile.quantile)\"", "\(percentile.seconds)")
        }
        sample("\(family)_sum", labels, "\(summary.sum / .seconds(1))")
        sample("\(family)_count", labels, "\(summary.count)")
    }

    /// Begins a family of metrics; the result is its name.
    private mutating func family(_ name: String, _ type: String, _ help: StaticString) -> String {
        let name = groups.map { "\($0)_" }.joined() + name
        append("# HELP \(name) \(help)\n# TYPE \(name) \(type)\n")
        return name
    }

    private mutating func sample(_ name: String, _ labels: String, _ value: String) {
        append(labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n")
    }

    private mutating func append(_ text: String) { self.text.append(contentsOf: text.utf8) }

    /// A label's value: backslash, quotation mark and line feed are written with a backslash.
    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }
}
