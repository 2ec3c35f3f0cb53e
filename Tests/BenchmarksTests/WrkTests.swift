import CisternBytes
import TestSupport
import Testing

@testable import CisternBenchmarks

@Suite struct WrkTests {
    @Test func theLineOfResultsIsRead() {
        let report = WrkReport("Running 1s test\nresult: 3000 1500000 7 2 1 100 200 300 400\nRequests/sec: 9\n")
        #expect(report?.perSecond == 2000 && report?.refusals == 7 && report?.failures == 3)
        #expect(report?.p50 == 100 && report?.p99 == 200 && report?.p999 == 300 && report?.longest == 400)
        #expect(report?.errors(expectingRefusals: false) == 10)
        #expect(report?.errors(expectingRefusals: true) == 2996)
    }

    @Test func aTurnWithoutAnAnswerHasAReport() {
        let report = WrkReport("result: 0 1066658 0 0 0 0 0 0 0")
        #expect(report?.requests == 0 && report?.perSecond == 0 && report?.errors(expectingRefusals: true) == 0)
    }

    @Test(arguments: [
        "", "unable to connect", "result: 1 2 3", "result: 1 1 x 0 0 0 0 0 0",
    ])
    func withoutResultsThereIsNone(output: String) {
        #expect(WrkReport(output) == nil)
    }

    @Test(.blocking, arguments: [Workload.put100, .miss]) func aScriptSendsItsRequest(workload: Workload) throws {
        let service = try CisternProcess(environment: ["CISTERN_BACKEND": "local"])
        let report = try Wrk.run(port: service.port, RequestPlan(.local, workload), connections: 4, seconds: 1)
        #expect(report.errors(expectingRefusals: workload == .miss) == 0)
        let written = try CurlClient(port: service.port).get("/keys/put-100")
        #expect(written.status == (workload == .miss ? 404 : 200))
        if workload != .miss { #expect(written.body.count == 100) }
    }

    @Test(.blocking) func aScriptSendsItsRequestsInTheirOrder() throws {
        let service = try CisternProcess(environment: ["CISTERN_BACKEND": "local"])
        // On one connection: each key is written before it is read. The first one wrk takes for a trial and does not send.
        let requests = ["a", "b"].flatMap { key in
            [
                RequestPlan.Request(method: "GET", path: "/keys/\(key)"),
                RequestPlan.Request(method: "PUT", path: "/keys/\(key)", size: 100),
            ]
        }
        let plan = RequestPlan(requests, order: [1, 1, 0, 3, 2, 0, 2])
        let report = try Wrk.run(port: service.port, plan, connections: 1, seconds: 1)
        #expect(report.requests > 10 && report.errors(expectingRefusals: false) == 0)
        let written = try CurlClient(port: service.port).get("/keys/b")
        #expect(written.status == 200 && written.body.count == 100)
    }
}
