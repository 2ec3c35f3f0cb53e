internal import ArgumentParser
internal import CisternBytes
internal import Glibc
internal import TestSupport

/// `make bench`: Cistern, webdis and nginx side by side, in one run, on one Redis.
@main struct Benchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make bench",
        abstract: "Measures Cistern, webdis and nginx side by side.",
        discussion: """
            Options go into BENCH: make bench BENCH="--full --rounds 3". Without --full and without workloads, connections and \
            loops it measures what the bars are about. Exit codes: 0 measured, whether or not bars were missed; 1 there were \
            errors among the answers, or something failed.
            """)

    @Flag(help: "All workloads, with 1, 16, 64, 256 and 1000 connections, and 1 and 2 loops.")
    var full = false
    @Option(parsing: .upToNextOption, help: "What is asked for.")
    var workloads: [Workload] = []
    @Option(parsing: .upToNextOption, help: "Numbers of connections.")
    var connections: [Int] = []
    @Option(parsing: .upToNextOption, help: "Event loops of Cistern, threads of webdis, processes of nginx.")
    var loops: [Int] = []
    @Option(help: "How often each server has its turn.")
    var rounds = 5
    @Option(help: "How long a turn is, in seconds.")
    var seconds = 3
    @Option(
        help: "Requests per second at a constant rate (default: half of what the slowest server of a table serves).")
    var rate: Double?
    @Option(help: "The folder for results.md and the charts.")
    var output = ".build/bench"

    mutating func validate() throws {
        let isPositive = (connections + loops + [rounds, seconds]).allSatisfy { $0 > 0 } && (rate ?? 1) > 0
        guard isPositive else { throw ValidationError("numbers have to be greater than 0") }
    }

    private var cells: [Cell] {
        if full { return Cell.matrix(Workload.allCases, connections: [1, 16, 64, 256, 1000], loops: [1, 2]) }
        guard !workloads.isEmpty || !connections.isEmpty || !loops.isEmpty else { return Cell.forBars }
        return Cell.matrix(
            workloads.isEmpty ? Workload.allCases : workloads, connections: connections.isEmpty ? [64] : connections,
            loops: loops.isEmpty ? [1] : loops)
    }

    mutating func run() throws {
        raiseDescriptorLimit()
        // Wake-ups of this thread, which makes the load, are late by 50 µs otherwise.
        try? writeFile("/proc/self/timerslack_ns", "1")
        let cells = cells
        let machine = try Machine.description()
        print(machine.joined(separator: "\n"))
        var benchmark = try Benchmark(rounds: rounds, seconds: seconds, rate: rate)
        for (group, members) in Cell.groups(of: cells) {
            try benchmark.measure(group, members)
            print(report(benchmark.figures, cells, machine).tables(group, members))
            fflush(nil)
        }
        for bar in Bar.all(benchmark.figures) { print(bar.line) }
        try write(report(benchmark.figures, cells, machine), benchmark.figures, cells)
        let errors = cells.reduce(0) { $0 + benchmark.figures.errors($1) }
        guard errors == 0 else { throw TestFailure("\(errors) answers were errors") }
    }

    private func report(_ figures: Figures, _ cells: [Cell], _ machine: [String]) -> Markdown {
        Markdown(figures: figures, cells: cells, machine: machine, rounds: rounds, seconds: seconds)
    }

    private func write(_ markdown: Markdown, _ figures: Figures, _ cells: [Cell]) throws {
        guard mkdir(output, 0o755) == 0 || errno == EEXIST else {
            throw TestFailure(call: "mkdir \(output)", error: errno)
        }
        try writeFile("\(output)/results.md", Bytes(markdown.text), mode: 0o644)
        for connections in Set(cells.map(\.connections)) {
            for (name, chart) in Charts(figures, cells, connections: connections).all {
                try writeFile("\(output)/\(name)", Bytes(chart.svg), mode: 0o644)
            }
        }
        print("written: \(output)/results.md")
    }

    /// A thousand connections take as many descriptors, here and in `wrk`, which inherits the limit.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
