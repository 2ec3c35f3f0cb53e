import TestSupport
import Testing

@testable import CisternBenchmarks

/// Only Cistern itself: the tests do without the other servers' packages.
@Suite(.blockingAlone) struct BenchmarkTests {
    @Test func serversAreMeasuredInTurnsAndAtTheSameRate() throws {
        let cells = [Contender.cistern, .local, .open].map { Cell(contender: $0, workload: .get100, connections: 4) }
        var benchmark = try Benchmark(rounds: 1, seconds: 1, rate: 500)
        try benchmark.measure(cells[0].group, cells)
        let figures = benchmark.figures
        for cell in cells {
            #expect(figures.errors(cell) == 0)
            let closed = figures.rounds(cell, .closed)
            let open = figures.rounds(cell, .open)
            #expect(closed.count == 1 && open.count == 1)
            for round in closed + open {
                #expect(round.cpu > 0 && round.memory > 1 && round.p50 > 0 && round.p50 <= round.p99)
            }
            #expect((1...500).contains(open.first?.perSecond ?? 0))
        }
        #expect(figures.rates == [cells[0].group: 500])
    }

    @Test func aServerThatAnswersSomethingElseIsNotMeasured() throws {
        let benchmark = try Benchmark(rounds: 1, seconds: 1, rate: nil)
        // The values have not been written.
        #expect(throws: TestFailure.self) {
            try Server(Cell(contender: .cistern, workload: .get10k), on: benchmark.redis)
        }
        #expect(throws: Never.self) { try Server(Cell(contender: .cistern, workload: .miss), on: benchmark.redis) }
    }
}
