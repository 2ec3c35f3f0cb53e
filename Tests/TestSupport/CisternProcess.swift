import Glibc

/// The built `cistern` as a process, with exactly the environment that a test gives it.
package final class CisternProcess: Sendable {
    /// How a run that has ended came out.
    package struct Outcome: Sendable {
        package var code: Int32
        package var output: String
        package var errorOutput: String

        /// Both streams, for tests that do not care which one a text is on.
        package var text: String { output + errorOutput }
    }

    package let process: ChildProcess
    /// Where the service listens.
    package let port: UInt16
    /// From the start of the process until its line came, to about two milliseconds.
    package let startTime: Duration

    /// Starts `cistern serve` on a free port, unless a port is given, and returns when it listens.
    ///
    /// - Parameter output: Standard output, where it is not to be kept.
    package init(_ arguments: [String] = [], environment: [String: String] = [:], output: Int32? = nil) throws {
        let begin = ContinuousClock.now
        let process = try Self.start(
            ["serve"] + arguments, environment: ["CISTERN_HTTP_PORT": "0"].merging(environment) { $1 }, output: output)
        let found = try eventually(within: .seconds(20)) {
            if let exit = process.exitIfEnded {
                throw TestFailure("cistern ended, \(exit):\n\(process.output)\(process.errorOutput)")
            }
            return Self.listeningPort(process) != nil
        }
        startTime = .now - begin
        guard found, let port = Self.listeningPort(process) else {
            throw TestFailure("cistern does not say where it listens:\n\(process.output)\(process.errorOutput)")
        }
        self.port = port
        self.process = process
    }

    /// Runs `cistern` with these arguments to its end.
    package static func run(
        _ arguments: [String], environment: [String: String] = [:], within limit: Duration = .seconds(30)
    ) throws -> Outcome {
        let process = try start(arguments, environment: environment)
        switch try process.wait(within: limit) {
        case .code(let code):
            return Outcome(code: code, output: process.output, errorOutput: process.errorOutput)
        case .signal(let number):
            throw TestFailure("signal \(number) ended cistern:\n\(process.output)\(process.errorOutput)")
        }
    }

    /// Starts `cistern` without waiting for anything.
    package static func start(
        _ arguments: [String], environment: [String: String], output: Int32? = nil
    ) throws -> ChildProcess {
        var all = environment
        // A sanitized build is told by its environment what to do with a report.
        for name in ["ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "LD_LIBRARY_PATH"] where all[name] == nil {
            all[name] = environmentVariable(name)
        }
        return try ChildProcess(
            try executable(), arguments, environment: all, output: output, installation: "swift build")
    }

    /// Asks the service to end (SIGTERM), and waits for its exit code.
    package func stop(within limit: Duration = .seconds(30)) throws -> Outcome {
        process.signal(SIGTERM)
        return try wait(within: limit)
    }

    /// Waits for the end of the service.
    package func wait(within limit: Duration = .seconds(30)) throws -> Outcome {
        guard case .code(let code) = try process.wait(within: limit) else {
            throw TestFailure("a signal ended cistern:\n\(process.output)\(process.errorOutput)")
        }
        return Outcome(code: code, output: process.output, errorOutput: process.errorOutput)
    }

    /// What the service has written so far, on both streams.
    package var text: String { process.output + process.errorOutput }

    /// The binary lies beside the tests that are running.
    package static func executable() throws -> String {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/exe", &path, path.count - 1)
        guard count > 0 else { throw TestFailure(call: "readlink /proc/self/exe", error: errno) }
        let tests = String(decoding: path[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard let slash = tests.lastIndex(of: "/") else { throw TestFailure("no folder in \(tests)") }
        return tests[...slash] + "cistern"
    }

    private static func listeningPort(_ process: ChildProcess) -> UInt16? {
        for text in [process.output, process.errorOutput] {
            // What follows the last line end may be half of a line.
            for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                guard let words = line.firstRange(of: "listening on http") else { continue }
                let url = line[words.upperBound...].prefix { $0 != " " && $0 != "\"" }
                if let port = url.split(separator: ":").last.flatMap({ UInt16($0) }) { return port }
            }
        }
        return nil
    }
}
