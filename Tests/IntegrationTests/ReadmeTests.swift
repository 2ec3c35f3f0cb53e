import CisternBytes
import Glibc
import TestSupport
import Testing

/// README's commands, as they stand there, against a service.
@Suite("README", .blocking) struct ReadmeTests {
    private static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

    /// Where the service listens that the commands start themselves; 1 would have none of them pass.
    private static let httpsPort = (try? freePort()) ?? 1

    @Test(arguments: ReadmeBlock.Stage.allCases) func commandsDoWhatItSays(stage: ReadmeBlock.Stage) throws {
        let readme = try readText("\(Self.root)/README.md")
        let blocks = try ReadmeBlock.all(in: readme).filter { $0.stage == stage }
        #expect(!blocks.isEmpty)
        let stack = try stack(for: stage, readme)
        let folder = try makeTemporaryFolder()
        defer { if stage == .https { endService(of: folder) } }
        // A terminal has no progress meter in the way.
        try writeFile("\(folder)/.curlrc", "silent\nshow-error\n")
        for block in blocks {
            let (exit, printed) = try run(block, in: folder, on: stack)
            #expect(exit == .code(0), "README line \(block.line):\n\(printed)")
            let isPromised = block.promises(printed) { localized($0, stack) }
            #expect(isPromised, "README line \(block.line), what is printed:\n\(printed)")
        }
        guard stage == .outage else { return }
        let log = ReadmeBlock.log(in: readme)
        #expect(!log.isEmpty)
        let logged = stack.service.text.split(separator: "\n")
        for line in log {
            let isPromised = logged.contains { ReadmeBlock.matches(String($0), localized(line, stack)) }
            #expect(isPromised, "not logged: \(line)\n\(stack.service.text)")
        }
        // The commands have started it, and it is not a child of this process.
        try? RawConnection(port: stack.redis?.port ?? 1).send("SHUTDOWN NOSAVE\r\n")
    }

    private func stack(for stage: ReadmeBlock.Stage, _ readme: String) throws -> Stack {
        switch stage {
        case .local, .https: return try .local(["CISTERN_BACKEND": "auto"])
        case .redis: return try Stack()
        case .access:
            let path = try makeTemporaryFolder() + "/tokens.json"
            try writeFile(path, Bytes(try ReadmeBlock.tokens(in: readme)))
            return try .local(["CISTERN_AUTH_TOKENS_FILE": path, "CISTERN_HTTP_CORS_ORIGINS": "https://app.example"])
        case .outage:
            let redis = try RedisServerProcess()
            // README shows what there is without a configuration.
            return try Stack(on: redis, with: ["REDIS_HOST": "localhost", "REDIS_PORT": "\(redis.port)"])
        }
    }

    /// Ends what the commands have started, when one of them has failed before they ended it themselves.
    private func endService(of folder: String) {
        guard let text = try? readText("\(folder)/cistern.pid"), let pid = pid_t(text.dropLast()), pid > 1 else {
            return
        }
        // Another process may have the number by now.
        guard (try? readText("/proc/\(pid)/comm")) == "cistern\n" else { return }
        kill(pid, SIGKILL)
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
        let measured = "<!-- test -->\n```sh\necho\n```\n\n<!-- measured -->\n```text\nGET   10  0.5 ms\n```\n"
        let numbers = try #require(try ReadmeBlock.all(in: measured).first)
        for (printed, isPromised) in [
            ("GET    7 12.25 ms\n", true), ("PUT   10  0.5 ms\n", false), ("GET   10  - ms\n", false),
        ] {
            #expect(numbers.promises(printed) { $0 } == isPromised, "\(printed)")
        }
        #expect(throws: TestFailure.self) { try ReadmeBlock.all(in: "```sh\nls\n```\n") }
    }

    /// The ports of README are those of nobody here, and what takes microseconds there may take milliseconds here.
    private func localized(_ text: String, _ stack: Stack) -> String {
        text.replacing("localhost:8080", with: "localhost:\(stack.service.port)")
            .replacing("6379", with: "\(stack.redis?.port ?? 1)")
            .replacing("8443", with: "\(Self.httpsPort)")
            .replacing("… µs", with: "…s")
    }

    private func run(_ block: ReadmeBlock, in folder: String, on stack: Stack) throws -> (ChildProcess.Exit, String) {
        let preparation = """
            exec 2>&1
            cd '\(folder)'
            mkdir -p .build/release
            ln -sf "$(readlink /proc/\(stack.service.process.pid)/exe)" .build/release/cistern
            ln -sfn '\(Self.root)/Config' Config
            ln -sfn '\(Self.root)/Tests' Tests

            """
        // Load scripts go where README's service would be.
        var environment = ["HOME": folder, "FAKETTY": "1", "LOAD_URL": "http://127.0.0.1:\(stack.service.port)"]
        for name in ["ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "LD_LIBRARY_PATH"] {
            environment[name] = environmentVariable(name)
        }
        let shell = try ChildProcess(
            "sh", ["-e", "-c", preparation + localized(block.script, stack)], environment: environment)
        let exit = try shell.wait(within: .seconds(60))
        return (exit, shell.output.replacing("\r\n", with: "\n"))
    }
}
