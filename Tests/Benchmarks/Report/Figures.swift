/// What one round measured.
struct Round: Sendable {
    var perSecond: Double
    /// Of the server alone, per request, in microseconds.
    var cpu: Double
    /// In microseconds.
    var p50: Double
    var p99: Double
    var p999: Double
    /// The most that was resident since the server's start, in MiB.
    var memory: Double
    var errors: Int
    /// Whether the generator itself was too late.
    var isGeneratorLate = false
}

/// Several values of one figure: machines are noisy.
struct Spread: Equatable, Sendable {
    var median: Double
    var least: Double
    var most: Double

    /// Nil when there are no values.
    init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        least = sorted[0]
        most = sorted[sorted.count - 1]
    }
}

/// How the load of a round was made.
enum Mode: String, CaseIterable, Sendable {
    /// By `wrk`: as many requests as are answered.
    case closed
    /// At a constant rate.
    case open
}

/// What all rounds have measured.
struct Figures: Sendable {
    private struct Place: Hashable {
        var cell: Cell
        var mode: Mode
    }
    private var rounds: [Place: [Round]] = [:]
    /// Requests per second of the rounds at a constant rate.
    var rates: [Cell.Group: Double] = [:]

    mutating func add(_ round: Round, _ cell: Cell, _ mode: Mode) {
        rounds[Place(cell: cell, mode: mode), default: []].append(round)
    }

    func rounds(_ cell: Cell, _ mode: Mode) -> [Round] { rounds[Place(cell: cell, mode: mode)] ?? [] }

    /// Nil where nothing was measured.
    func spread(_ figure: KeyPath<Round, Double>, _ cell: Cell, _ mode: Mode) -> Spread? {
        Spread(rounds(cell, mode).map { $0[keyPath: figure] })
    }

    /// How many times a figure of `cell` is that of `other`: the median of what it was in each round, since rounds that
    /// follow each other see the same machine.
    func ratio(_ figure: KeyPath<Round, Double>, _ cell: Cell, to other: Cell, _ mode: Mode) -> Double? {
        let pairs = zip(rounds(cell, mode), rounds(other, mode))
        return Spread(pairs.map { $0[keyPath: figure] / $1[keyPath: figure] })?.median
    }

    func errors(_ cell: Cell) -> Int {
        Mode.allCases.reduce(0) { $0 + rounds(cell, $1).reduce(0) { $0 + $1.errors } }
    }
}
