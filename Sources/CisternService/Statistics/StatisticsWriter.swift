internal import CisternBytes

/// Takes down statistics in one of the formats in which they are given out. What they are is said once, in
/// `CacheService+statistics.swift`, and so all formats have the same numbers.
///
/// Names are those of `/stats`. Metrics of Prometheus have the names of their groups before their own.
protocol StatisticsWriter {
    /// Opens a group: its name stands before the names within.
    mutating func begin(_ group: StaticString)
    mutating func end()

    /// Words that do not change while the process runs.
    mutating func facts(_ facts: [(name: StaticString, value: String)], _ help: StaticString)
    /// A number that only grows, until the process ends.
    mutating func counter(_ name: StaticString, _ value: Int, _ help: StaticString)
    /// A number that goes up and down; nil where there is none at the moment.
    mutating func gauge(_ name: StaticString, _ value: Int?, _ help: StaticString)
    /// A time in seconds, which goes up and down; nil where there is none at the moment.
    mutating func time(_ name: StaticString, _ value: Duration?, _ help: StaticString)
    /// Which of a few states holds.
    mutating func state(_ name: StaticString, _ value: String, of all: [String], _ help: StaticString)
    /// Counters that two labels tell apart.
    mutating func counters(
        _ name: StaticString, labels: (StaticString, StaticString), _ rows: [StatisticsRow], _ help: StaticString)
    /// Percentiles in seconds that one label tells apart.
    mutating func latencies(
        _ name: StaticString, label: StaticString, _ rows: [(String, LatencySummary)], _ help: StaticString)
    /// Percentiles in seconds.
    mutating func latency(_ name: StaticString, _ summary: LatencySummary, _ help: StaticString)
}

/// The counters that share the first label.
struct StatisticsRow {
    let label: String
    let counts: [(label: String, count: Int)]
}

extension StatisticsWriter {
    mutating func group(_ name: StaticString, _ body: (inout Self) -> Void) {
        begin(name)
        body(&self)
        end()
    }
}

extension LatencySummary {
    /// The percentiles as people and Prometheus call them, in seconds.
    var percentiles: [(name: String, quantile: String, seconds: Double)] {
        [
            ("p50", "0.5", p50 / .seconds(1)), ("p90", "0.9", p90 / .seconds(1)), ("p99", "0.99", p99 / .seconds(1)),
            ("p99.9", "0.999", p999 / .seconds(1)),
        ]
    }
}
