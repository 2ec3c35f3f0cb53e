internal import CisternBytes
internal import TestSupport

/// `wrk`: as many requests as the server answers, the next one on each connection when the last one has been answered.
enum Wrk {
    static func run(
        port: UInt16, _ plan: RequestPlan, connections: Int, seconds: Double
    ) throws -> WrkReport {
        let script = try makeTemporaryFolder() + "/load.lua"
        try writeFile(script, Bytes(WrkScript.text(of: plan)))
        // The path stands in the script.
        let wrk = try ChildProcess(
            "wrk",
            [
                "-t", "1", "-c", "\(connections)", "-d", "\(Int(seconds.rounded()))", "-s", script,
                "http://127.0.0.1:\(port)/",
            ],
            installation: "apt-get install wrk")
        let exit = try wrk.wait(within: .seconds(seconds + 30))
        guard exit == .code(0), let report = WrkReport(wrk.output) else {
            throw TestFailure("wrk ended, \(exit):\n\(wrk.output)\(wrk.errorOutput)")
        }
        return report
    }
}
