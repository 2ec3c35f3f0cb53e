internal import CisternBytes
internal import CisternJSON

/// Statistics as `/stats` gives them: groups are objects.
struct JSONStatistics: StatisticsWriter {
    private var json = JSONWriter(reserving: 8192)

    init() { json.beginObject() }

    /// The whole text.
    consuming func finish() -> Bytes {
        json.endObject()
        return Bytes(adopting: json.bytes)
    }

    mutating func begin(_ group: StaticString) {
        json.key("\(group)")
        json.beginObject()
    }

    mutating func end() { json.endObject() }

    mutating func facts(_ facts: [(name: StaticString, value: String)], _ help: StaticString) {
        for fact in facts { json.field("\(fact.name)", fact.value) }
    }

    mutating func counter(_ name: StaticString, _ value: Int, _ help: StaticString) { json.field("\(name)", value) }

    mutating func gauge(_ name: StaticString, _ value: Int?, _ help: StaticString) {
        json.key("\(name)")
        if let value { json.integer(value) } else { json.null() }
    }

    mutating func time(_ name: StaticString, _ value: Duration?, _ help: StaticString) {
        json.key("\(name)")
        if let value { json.double(value / .seconds(1)) } else { json.null() }
    }

    mutating func state(_ name: StaticString, _ value: String, of all: [String], _ help: StaticString) {
        json.field("\(name)", value)
    }

    mutating func counters(
        _ name: StaticString, labels: (StaticString, StaticString), _ rows: [StatisticsRow], _ help: StaticString
    ) {
        begin(name)
        for row in rows {
            json.key(row.label)
            json.object { json in
                // Only those that occurred: most of them never do.
                for (label, count) in row.counts where count > 0 { json.field(label, count) }
            }
        }
        json.field("total", rows.reduce(0) { $1.counts.reduce($0) { $0 + $1.count } })
        end()
    }

    mutating func latencies(
        _ name: StaticString, label: StaticString, _ rows: [(String, LatencySummary)], _ help: StaticString
    ) {
        begin(name)
        for (label, summary) in rows { write(summary, under: label) }
        end()
    }

    mutating func latency(_ name: StaticString, _ summary: LatencySummary, _ help: StaticString) {
        write(summary, under: "\(name)")
    }

    private mutating func write(_ summary: LatencySummary, under name: String) {
        json.key(name)
        json.object { json in
            json.field("count", summary.count)
            json.field("sum", summary.sum / .seconds(1))
            for percentile in summary.percentiles { json.field(percentile.name, percentile.seconds) }
        }
    }
}
