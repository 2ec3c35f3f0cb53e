import TestSupport
import Testing

@testable import CisternBenchmarks

@Suite(.blocking) struct ProcessFiguresTests {
    /// nginx works in a child of the process that was started.
    @Test func whatAChildUsesCounts() throws {
        let parent = try ChildProcess("sh", ["-c", "sh -c 'while :; do :; done' & echo started; wait"])
        let works = try eventually {
            try ProcessFigures(of: parent.pid).nanoseconds > 100_000_000
        }
        #expect(works)
        #expect(try ProcessFigures(of: parent.pid).peakBytes > 100_000)
        parent.kill()
        #expect(throws: TestFailure.self) { try ProcessFigures(of: parent.pid) }
    }
}
