import CisternBytes
import Glibc
import TestSupport
import Testing

/// `Tests/Load/outage-drill`, which starts a Redis and a service of its own.
@Suite("Load scripts: outage drill", .blockingAlone) struct OutageScriptTests {
    @Test func everyPromiseIsKept() throws {
        let drill = try LoadScript("outage-drill", ["--keys", "40", "--binary", try CisternProcess.executable()])
        #expect(drill.code == 0, "\(drill.text)")
        #expect(drill.errorOutput.isEmpty)
        #expect(!drill.output.contains("BROKEN"))
        for promise in [
            "reads and writes went on, 200, 201, 202: 400 of 400",
            "known keys answer 200 with Cache-Source: local: 40 of 40",
            "unknown keys answer 503 with Retry-After: 40 of 40",
            "writes answer 202 with Cache-Source: local: 40 of 40",
            "all keys are read from Redis: 80 of 80", "nothing was lost",
        ] {
            #expect(drill.output.contains("kept    \(promise)"), "\(drill.text)")
        }
        #expect(drill.rows.map(\.requests) == [40, 40, 400, 40, 40, 40, 40, 80])
        #expect(drill.rows.allSatisfy { $0.errors == 0 && $0.times.count == 4 })
        #expect(try drill.row("unknown keys").answers == "40 × 503")
    }

    /// The program may be any that serves as `cistern` does: one without the fallback breaks every promise.
    @Test func promisesThatAreBrokenAreSeen() throws {
        let path = try makeTemporaryFolder() + "/without-fallback"
        let script = "#!/bin/sh\nCISTERN_FALLBACK_ENABLED=false exec '\(try CisternProcess.executable())' \"$@\"\n"
        try writeFile(path, Bytes(script), mode: 0o700)
        let drill = try LoadScript("outage-drill", ["--keys", "20"], environment: ["LOAD_BINARY": path])
        #expect(drill.code == 1, "\(drill.text)")
        #expect(drill.output.contains("BROKEN  known keys answer 200 with Cache-Source: local: 0 of 20"))
        #expect(drill.output.contains("BROKEN  writes answer 202 with Cache-Source: local: 0 of 20"))
        #expect(drill.output.contains("BROKEN  nothing was lost"))
        #expect(try drill.row("known keys").answers == "20 × 503")
        #expect(try drill.row("known keys").errors == 20)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP]) func interruptedItLeavesNothing(signal: Int32) throws {
        let drill = try LoadScript.start(
            "outage-drill", ["--keys", "10000"],
            environment: ["LOAD_BINARY": try CisternProcess.executable(), "TMPDIR": try makeTemporaryFolder()])
        let hasBegun = eventually { drill.output.contains("per s") }
        #expect(hasBegun, "\(drill.errorOutput)")
        drill.signal(signal)
        let exit = try drill.wait(within: .seconds(30))
        #expect(exit == .code(128 + signal))
        // Redis and the service are of the script's process group.
        let isGone = eventually(within: .seconds(10)) { kill(-drill.pid, 0) != 0 && errno == ESRCH }
        #expect(isGone)
    }

    @Test func whatIsMissingIsNamed() throws {
        let binary = try CisternProcess.executable()
        let programs = try makeTemporaryFolder()
        for name in ["bash", "dirname"] {
            guard symlink("/usr/bin/\(name)", "\(programs)/\(name)") == 0 else {
                throw TestFailure(call: "symlink", error: errno)
            }
        }
        let drill = try LoadScript("outage-drill", ["--binary", binary], environment: ["PATH": programs])
        #expect(drill.code == 3)
        #expect(drill.errorOutput.contains("redis-server is missing: apt-get install redis-server"))
        let none = try LoadScript("outage-drill", ["--binary", "/etc/passwd"])
        #expect(none.code == 2 && none.errorOutput.contains("/etc/passwd: is not a program"))
        let another = try LoadScript("outage-drill", ["--binary", "/bin/true"])
        #expect(another.code == 1 && another.errorOutput.contains("/bin/true did not start"))
    }
}
