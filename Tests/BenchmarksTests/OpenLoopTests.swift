import CisternBytes
import CisternSockets
import TestSupport
import Testing

@testable import CisternBenchmarks

@Suite(.blockingAlone) struct OpenLoopTests {
    private static let answer: Bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    private func load(
        _ server: FaultServer, connections: Int = 1, rate: Double = 1000, seconds: Double = 1
    ) throws -> OpenLoopReport {
        let plan = RequestPlan([RequestPlan.Request(method: "GET", path: "/")])
        return try OpenLoop.run(
            OpenLoop.Load(
                port: server.port, plan: plan, connections: connections, rate: rate, seconds: seconds, accepts: [200]))
    }

    private func answering(_ answers: Int, with answer: Bytes = Self.answer) -> [FaultServer.Step] {
        (0..<answers).flatMap { _ in [.receiveThrough("\r\n\r\n"), .send([answer])] }
    }

    /// One request of a thousand waits for 100 ms, and a hundred are due meanwhile: of all, one in ten.
    @Test func aStallIsSeenByEveryRequestThatWasDueMeanwhile() throws {
        let server = try FaultServer { _ in
            answering(300) + [.receiveThrough("\r\n\r\n"), .pause(.milliseconds(100)), .send([Self.answer])]
                + answering(2000)
        }
        let report = try load(server)
        #expect(report.errors == 0 && report.answered == 1000)
        #expect(report.longest >= 100_000_000)
        // The request at that rank was due in the first fifth of the stall.
        #expect(report.summary.p99 >= .milliseconds(75), "p99 is \(report.summary.p99)")
        #expect(report.summary.p90 < report.summary.p99)
        // It is the server's, and not the generator's own.
        let lag = LatencyHistogram.summary(of: [report.lag])
        #expect(lag.count == 1000 && lag.p99 < .milliseconds(50), "p99 of its own lateness is \(lag.p99)")
    }

    @Test func theRateIsKeptAndConnectionsTakeTurns() throws {
        let server = try FaultServer { _ in answering(500) }
        let report = try load(server, connections: 4, rate: 400)
        #expect(report.answered == 400 && report.errors == 0)
        #expect(report.seconds >= 0.99)
        #expect((0..<4).map { server.received(on: $0).count }.allSatisfy { $0 > 1000 })
    }

    @Test func whatTheGeneratorIsLateItselfIsTold() {
        let report = OpenLoopReport()
        for _ in 0..<98 { report.lag.record(nanoseconds: 100_000) }
        #expect(!report.isGeneratorLate)
        for _ in 0..<2 { report.lag.record(nanoseconds: 2_000_000) }
        #expect(report.isGeneratorLate)
    }

    @Test func otherStatusesAreErrors() throws {
        let server = try FaultServer { _ in
            answering(20) + answering(5, with: "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
                + answering(500)
        }
        let report = try load(server, seconds: 0.1)
        #expect(report.errors == 5 && report.wrongStatuses == 5 && report.statuses == [200: 95, 503: 5])
    }

    @Test func aConnectionThatBreaksIsAnErrorAndIsReplaced() throws {
        let server = try FaultServer { number in
            number == 0 ? answering(10) + [.receiveThrough("\r\n\r\n"), .close] : answering(500)
        }
        let report = try load(server, seconds: 0.1)
        #expect(report.broken == 1 && report.errors == 1 && report.answered == 99)
        #expect(server.connections == 2)
    }
}
