import CisternBytes
import Glibc
import TestSupport
import Testing

@Suite("The end of the tests", .blocking) struct KeeperTests {
    /// The test runs itself in a second process, and kills that one while it holds a child.
    @Test func evenKilledTestsLeaveNothingBehind() throws {
        if let note = environmentVariable("HOLD_A_CHILD_AND_WRITE_ITS_NUMBER_TO") {
            let child = try ChildProcess("sleep", ["60"])
            try writeFile(note + ".new", Bytes("\(child.pid) \(child.folder)"))
            rename(note + ".new", note)
            _ = try child.wait(within: .seconds(60))
            return
        }
        let note = try makeTemporaryFolder() + "/child"
        let tests = try ChildProcess(
            "/proc/\(getpid())/exe", ["--testing-library", "swift-testing", "--filter", "evenKilledTestsLeaveNothing"],
            environment: [
                "HOLD_A_CHILD_AND_WRITE_ITS_NUMBER_TO": note,
                "LD_LIBRARY_PATH": environmentVariable("LD_LIBRARY_PATH") ?? "",
            ])
        let held = try #require(poll(within: .seconds(30)) { try? readText(note) }, "\(tests.output)").split(
            separator: " ")
        let child = try #require(held.first.flatMap { pid_t($0) })
        #expect(kill(child, 0) == 0)
        #expect(access(String(held[1]), F_OK) == 0)
        tests.signal(SIGKILL)
        #expect(eventually { isGone(child) })
        #expect(eventually { access(String(held[1]), F_OK) != 0 })
    }
}

/// Whether a process runs no more; one that its new parent has not yet reaped does not run either.
func isGone(_ pid: pid_t) -> Bool {
    guard let status = try? readText("/proc/\(pid)/stat") else { return true }
    return status.split(separator: ")").last?.hasPrefix(" Z") == true
}
