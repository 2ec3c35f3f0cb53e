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

    @Test(arguments: [
        "", "unable to connect", "result: 1 2 3", "result: 0 1000000 0 0 0 0 0 0 0", "result: 1 1 x 0 0 0 0 0 0",
    ])
    func withoutResultsThereIsNone(output: String) {
        #expect(WrkReport(output) == nil)
    }

    @Test(.blocking, arguments: [Workload.put100, .miss, .mix]) func aScriptSendsItsPlan(workload: Workload) throws {
        let service = try CisternProcess(environment: ["CISTERN_BACKEND": "local"])
        let curl = try CurlClient(port: service.port)
        for key in workload.keys where workload == .mix {
            let status = try curl.put(Contender.local.path(writing: key), "x").status
            #expect(status == 201)
        }
        let plan = RequestPlan(.local, workload)
        let report = try Wrk.run(port: service.port, plan, connections: 4, seconds: 1)
        #expect(report.errors(expectingRefusals: workload == .miss) == 0)
        // The value that was written, by a method that this workload has.
        let written = try curl.get(Contender.local.path(writing: workload == .mix ? "mix0" : "put-100"))
        #expect(written.status == (workload == .miss ? 404 : 200))
        if workload != .miss { #expect(written.body.count == 100) }
    }
}
