extension Contender {
    fileprivate var color: String {
        switch self {
        case .cistern: "#2f81f7"
        case .local: "#3fa796"
        case .open: "#8f6fd1"
        case .webdis: "#d9822b"
        case .nginx: "#8b949e"
        case .nginxCopying: "#57606a"
        }
    }
}

extension Cell {
    /// The server, and its loops where there are several.
    var title: String { loops == 1 ? contender.title : "\(contender.title), \(loops) loops" }
}

/// The charts of all that was measured with one number of connections.
struct Charts {
    let figures: Figures
    let groups: [(group: Cell.Group, cells: [Cell])]
    let connections: Int

    init(_ figures: Figures, _ cells: [Cell], connections: Int) {
        self.figures = figures
        self.connections = connections
        groups = Cell.groups(of: cells).filter { $0.group.connections == connections }
    }

    /// The charts by the names of their files.
    var all: [(name: String, chart: BarChart)] {
        [
            ("throughput-\(connections).svg", chart("Requests per second, more is better", \.perSecond)),
            ("cpu-\(connections).svg", chart("CPU of the server per request in µs, less is better", \.cpu)),
            ("latency-\(connections).svg", latency),
        ]
    }

    private func chart(_ title: String, _ figure: KeyPath<Round, Double>) -> BarChart {
        BarChart(
            title: "\(title), \(Cell.text(connections: connections))",
            groups: groups.map { group, cells in
                BarChart.Group(
                    title: group.workload.title,
                    bars: cells.compactMap { cell in
                        figures.spread(figure, cell, .closed).map {
                            BarChart.Bar(label: cell.title, value: $0.median, color: cell.contender.color)
                        }
                    })
            })
    }

    private var latency: BarChart {
        let percentiles: [(String, KeyPath<Round, Double>)] = [("p50", \.p50), ("p99", \.p99), ("p99.9", \.p999)]
        return BarChart(
            title: "Latency at a constant rate in µs, less is better, \(Cell.text(connections: connections))",
            groups: groups.flatMap { group, cells in
                let rate = (figures.rates[group] ?? 0).places(0)
                return percentiles.map { name, figure in
                    BarChart.Group(
                        title: "\(group.workload.title), \(rate) requests per second, \(name)",
                        bars: cells.compactMap { cell in
                            figures.spread(figure, cell, .open).map {
                                BarChart.Bar(label: cell.title, value: $0.median, color: cell.contender.color)
                            }
                        })
                }
            })
    }
}
