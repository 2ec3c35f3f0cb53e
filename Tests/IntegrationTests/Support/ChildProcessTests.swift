import Glibc
import TestSupport
import Testing

@Suite("Child processes", .blocking) struct ChildProcessTests {
    @Test func theExitCodeIsReported() throws {
        let process = try ChildProcess("sh", ["-c", "echo out; echo err >&2; exit 7"])
        #expect(try process.wait() == .code(7))
        #expect(process.output == "out\n")
        #expect(process.errorOutput == "err\n")
    }

    @Test func theSignalThatEndedItIsReported() throws {
        let process = try ChildProcess("sleep", ["60"])
        #expect(process.exitIfEnded == nil)
        process.signal(SIGTERM)
        #expect(try process.wait() == .signal(SIGTERM))
    }

    @Test func waitingEndsAtTheLimit() throws {
        let process = try ChildProcess("sleep", ["60"])
        #expect(throws: TestFailure.self) { try process.wait(within: .milliseconds(30)) }
    }

    @Test func nothingOfTheGroupOutlivesTheValue() throws {
        var process: ChildProcess? = try ChildProcess("sh", ["-c", "sleep 60 & echo $!; wait"])
        let grandchild = try #require(poll(within: .seconds(5)) { pid_t(process?.output.dropLast() ?? "") })
        #expect(kill(grandchild, 0) == 0)
        process = nil
        #expect(eventually { isGone(grandchild) })
    }

    @Test func theEnvironmentIsTheOneGiven() throws {
        setenv("SURELY_NOT_PASSED_ON", "1", 1)
        let process = try ChildProcess("env", [], environment: ["GIVEN": "x y"])
        _ = try process.wait()
        let names = process.output.split(separator: "\n").filter { !$0.hasPrefix("PATH=") }
        #expect(names == ["GIVEN=x y"])
    }

    @Test func noDescriptorIsInherited() throws {
        let open = Glibc.open("/dev/null", O_RDONLY)
        defer { close(open) }
        let process = try ChildProcess("sleep", ["60"])
        #expect(eventually { (try? process.descriptors) == 3 })
    }

    @Test func memoryAndThreadsAreCounted() throws {
        let process = try ChildProcess("sleep", ["60"])
        #expect(try process.threads == 1)
        #expect(eventually { (try? (100_000...100_000_000).contains(process.residentBytes)) == true })
    }

    @Test func aMissingProgramNamesItsInstallation() {
        let failure = #expect(throws: TestFailure.self) {
            try ChildProcess("no-such-program", [], installation: "apt-get install it")
        }
        #expect(failure?.description.contains("apt-get install it") == true)
    }
}
