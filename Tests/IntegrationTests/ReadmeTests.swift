import CisternBytes
import TestSupport
import Testing

/// README's commands, as they stand there, against a service.
@Suite("README", .blocking) struct ReadmeTests {
    private static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

    @Test(arguments: Backend.allCases) func commandsDoWhatItSays(backend: Backend) throws {
        let blocks = try ReadmeBlock.all(in: readText("\(Self.root)/README.md")).filter { $0.backend == backend }
        #expect(!blocks.isEmpty)
        let stack = try backend == .redis ? Stack() : .local(["CISTERN_BACKEND": "auto"])
        let folder = try makeTemporaryFolder()
        // A terminal has no progress meter in the way.
        try writeFile("\(folder)/.curlrc", "silent\nshow-error\n")
        for block in blocks {
            let (exit, printed) = try run(block, in: folder, on: stack)
            #expect(exit == .code(0), "README line \(block.line):\n\(printed)")
            let isPromised = block.promises(printed) { localized($0, stack) }
            #expect(isPromised, "README line \(block.line), what is printed:\n\(printed)")
        }
    }

    @Test func aBlockIsComparedWithWhatItPrints() throws {
        let text = "<!-- test -->\n```sh\necho\n```\n\n```text\na…c…\ne\n```\n"
        let block = try #require(try ReadmeBlock.all(in: text).first)
        #expect(block.script == "echo\n" && block.line == 2)
        for (printed, isPromised) in [
            ("abcd\ne\n", true), ("ac\ne", true), ("abcd\n", false), ("ab\ne\n", false), ("abc\ne\nf\n", false),
        ] {
            #expect(block.promises(printed) { $0 } == isPromised, "\(printed)")
        }
        #expect(throws: TestFailure.self) { try ReadmeBlock.all(in: "```sh\nls\n```\n") }
    }

    /// The ports of README are those of nobody here, and what takes microseconds there may take milliseconds here.
    private func localized(_ text: String, _ stack: Stack) -> String {
        text.replacing("localhost:8080", with: "localhost:\(stack.service.port)")
            .replacing("6379", with: "\(stack.redis?.port ?? 1)")
            .replacing("… µs", with: "…s")
    }

    private func run(_ block: ReadmeBlock, in folder: String, on stack: Stack) throws -> (ChildProcess.Exit, String) {
        let preparation = """
            exec 2>&1
            cd '\(folder)'
            mkdir -p .build/release
            ln -sf "$(readlink /proc/\(stack.service.process.pid)/exe)" .build/release/cistern
            ln -sfn '\(Self.root)/Config' Config

            """
        var environment = ["HOME": folder, "FAKETTY": "1"]
        for name in ["ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "LD_LIBRARY_PATH"] {
            environment[name] = environmentVariable(name)
        }
        let shell = try ChildProcess(
            "sh", ["-e", "-c", preparation + localized(block.script, stack)], environment: environment)
        let exit = try shell.wait(within: .seconds(60))
        return (exit, shell.output.replacing("\r\n", with: "\n"))
    }
}
