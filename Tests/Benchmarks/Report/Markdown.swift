/// All that was measured, as Markdown.
struct Markdown {
    let figures: Figures
    let cells: [Cell]
    let machine: [String]
    let rounds: Int
    let seconds: Int

    var text: String {
        let bars = Bar.all(figures)
        return """
            # Benchmarks

            \(machine.map { "- \($0)" }.joined(separator: "\n"))
            - \(rounds) rounds of \(seconds) s, in which all servers of a table take turns; medians, and least–most

            \(Self.method)

            \(bars.isEmpty ? "" : "## Bars\n\n\(Self.table(bars))\n")
            \(charts)\(Cell.groups(of: cells).map { tables($0.group, $0.cells) }.joined())
            """
    }

    private static let method = """
        All servers run beside the load generator, and all but nginx on one Redis, on the same cores. CPU is the time that all \
        threads of the server have spent in the program and in the kernel, exact to the nanosecond, without the generator and \
        Redis. Memory is the most that was resident. webdis is asked for `/GET/key.bin`, which answers with the bytes alone, or 404, and writes by `/SET/key.bin`. \
        nginx answers with a constant (`return 200`); 10 KiB and 1 MiB are a file in memory (tmpfs), \
        of which the kernel sends the pages themselves (`sendfile on`), or which is copied into the process and out of it \
        (`sendfile off`), as a value that comes from a socket has to be. Ratios are medians of the ratios of each round.

        `wrk` waits for each answer before it sends the next request: its requests per second are what can be served, and its \
        latencies are those of a full server. At a constant rate, half of what the slowest server of the table has served, a \
        request counts from when it was due, so that a stall is seen by all requests that were due meanwhile.
        """

    private static func table(_ bars: [Bar]) -> String {
        let head = "| | Measured | Bar | |\n|---|---:|---:|---|\n"
        return head
            + bars.map { bar in
                let limit =
                    switch bar.limit {
                    case .atMost(let most): "≤ \(most)"
                    case .atLeast(let least): "≥ \(least)"
                    }
                return "| \(bar.text) | \(bar.value.places(3)) | \(limit) | \(bar.isMet ? "pass" : "**miss**") |\n"
            }.joined()
    }

    private var charts: String {
        let connections = Set(cells.map(\.connections)).sorted()
        let names = connections.flatMap { Charts(figures, cells, connections: $0).all }
        return names.map { "![\($0.chart.title)](\($0.name))\n\n" }.joined()
    }

    /// Both tables of what was measured side by side.
    func tables(_ group: Cell.Group, _ cells: [Cell]) -> String {
        let head = "## \(group.workload.title), \(Cell.text(connections: group.connections))\n\n"
        let rate = (figures.rates[group] ?? 0).places(0)
        let closed = "`wrk`:\n\n\(table(cells, .closed))\n"
        return head + closed + "At \(rate) requests per second:\n\n\(table(cells, .open))\n"
    }

    private func table(_ cells: [Cell], _ mode: Mode) -> String {
        let head = """
            | Server | req/s | least–most | ratio | CPU µs | least–most | ratio | p50 µs | p99 | p99.9 | MiB | errors |
            |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|

            """
        return head + cells.map { row($0, mode, reference: cells[0]) }.joined() + notes(cells, mode)
    }

    private func row(_ cell: Cell, _ mode: Mode, reference: Cell) -> String {
        func median(_ figure: KeyPath<Round, Double>) -> String {
            figures.spread(figure, cell, mode)?.median.short ?? "-"
        }
        func range(_ figure: KeyPath<Round, Double>) -> String {
            figures.spread(figure, cell, mode).map { "\($0.least.short)–\($0.most.short)" } ?? "-"
        }
        func ratio(_ figure: KeyPath<Round, Double>) -> String {
            figures.ratio(figure, cell, to: reference, mode)?.places(2) ?? "-"
        }
        let rounds = figures.rounds(cell, mode)
        let columns = [
            cell.title + marks(cell, rounds, mode), median(\.perSecond), range(\.perSecond), ratio(\.perSecond),
            median(\.cpu), range(\.cpu),
            ratio(\.cpu), median(\.p50), median(\.p99), median(\.p999), median(\.memory),
            "\(rounds.reduce(0) { $0 + $1.errors })",
        ]
        return "| \(columns.joined(separator: " | ")) |\n"
    }

    private func isRateMissed(_ round: Round, _ cell: Cell, _ mode: Mode) -> Bool {
        mode == .open && round.perSecond < 0.98 * (figures.rates[cell.group] ?? 0)
    }

    private func marks(_ cell: Cell, _ rounds: [Round], _ mode: Mode) -> String {
        (rounds.contains(where: \.isGeneratorLate) ? " †" : "")
            + (rounds.contains { isRateMissed($0, cell, mode) } ? " ‡" : "")
    }

    /// What the marks mean, where there are any.
    private func notes(_ cells: [Cell], _ mode: Mode) -> String {
        let rounds = cells.flatMap { cell in figures.rounds(cell, mode).map { (cell, $0) } }
        let late = rounds.count { $0.1.isGeneratorLate }
        let slow = rounds.count { isRateMissed($0.1, $0.0, mode) }
        let notes = [
            ("†", late, "the generator itself sent one in a hundred requests over 1 ms late."),
            ("‡", slow, "the rate was not kept: there was no connection free, or no processor."),
        ]
        return notes.filter { $0.1 > 0 }.map { mark, count, text in
            "\n\(mark) In \(count) of \(rounds.count) rounds \(text)\n"
        }.joined()
    }
}
