import Glibc
import TestSupport
import Testing

@testable import CisternBenchmarks

@Suite struct LoadPlanTests {
    @Test func theFewFirstNumbersAreDrawnMostOften() {
        var random = SplitMix64(seed: 7)
        let zipf = Zipf(count: 1000)
        let draws = 200_000
        var counts = Array(repeating: 0, count: 1000)
        for _ in 0..<draws { counts[zipf.next(&random)] += 1 }
        // The sum of 1/n^0.99 for n from 1 to 1000.
        let sum = (1...1000).reduce(0.0) { $0 + 1 / power(Double($1)) }
        for number in [0, 1, 9, 99] {
            let expected = Double(draws) / sum / power(Double(number + 1))
            let isNear = abs(Double(counts[number]) - expected) < 5 * expected.squareRoot()
            #expect(isNear, "\(number): \(counts[number]) instead of \(expected)")
        }
        #expect(counts.suffix(100).contains { $0 > 0 })
    }

    private func power(_ number: Double) -> Double { pow(number, 0.99) }

    @Test func aMixIsTheSameForEveryServerAndNineTenthsOfItRead() {
        let order = RequestPlan.mixed(count: 20_000, keys: 100, reads: 90)
        #expect(order == RequestPlan.mixed(count: 20_000, keys: 100, reads: 90))
        let reads = order.count { $0 < 100 }
        #expect((17_800...18_200).contains(reads))
        #expect(order.allSatisfy { (0..<200).contains($0) })
        // What is written and what is read are the same keys.
        let plan = RequestPlan(.webdis, .mix)
        #expect(plan.requests.count == 2 * Workload.keysOfMix)
        #expect(plan.requests[3] == RequestPlan.Request(method: "GET", path: "/GET/mix3.bin"))
        let write = plan.requests[Workload.keysOfMix + 3]
        #expect(write == RequestPlan.Request(method: "PUT", path: "/SET/mix3.bin", size: 100))
    }

    @Test func aRequestIsWrittenOut() {
        let write = RequestPlan(.cistern, .put100).requests[0].wire(port: 81)
        let head = "PUT /keys/put-100 HTTP/1.1\r\nHost: 127.0.0.1:81\r\nContent-Length: 100\r\n\r\n"
        #expect(write == Array((head + String(repeating: "x", count: 100)).utf8))
        let read = RequestPlan(.nginx, .get10k).requests[0].wire(port: 81)
        #expect(read == Array("GET /get-10k HTTP/1.1\r\nHost: 127.0.0.1:81\r\n\r\n".utf8))
    }

    @Test func allCellsOfAMatrixAreThereOnce() {
        let cells = Cell.matrix(Workload.allCases, connections: [1, 64], loops: [1, 2])
        #expect(Set(cells).count == cells.count)
        #expect(cells.count == 4 * Workload.allCases.reduce(0) { $0 + $1.contenders.count })
        let groups = Cell.groups(of: cells)
        #expect(groups.map(\.group.connections) == Workload.allCases.flatMap { _ in [1, 64] })
        #expect(groups.reduce(0) { $0 + $1.cells.count } == cells.count)
    }
}
