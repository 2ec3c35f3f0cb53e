import CisternBytes
import TestSupport

/// A script of `Tests/Load`, and what it has printed.
struct LoadScript: Sendable {
    /// A line of its table.
    struct Row: Sendable {
        let name: String
        let requests: Int
        let errors: Int
        /// p50, p90, p99 and the longest time, in milliseconds; fewer where nothing was answered.
        let times: [Double]
        /// Such as `17 × 200, 3 × 404`.
        let answers: String

        fileprivate init?(_ line: Substring) {
            let fields = line.dropFirst(18).split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 7, let requests = Int(fields[0]), let errors = Int(fields[1]) else { return nil }
            name = line.prefix(18).split(separator: " ").joined(separator: " ")
            self.requests = requests
            self.errors = errors
            times = fields[3..<7].compactMap { Double($0) }
            answers = fields[7...].joined(separator: " ")
        }
    }

    /// Where the scripts lie.
    static let folder = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/Load"

    let code: Int32
    let output: String
    let errorOutput: String

    /// Runs a script to its end, from a folder that is not its own.
    init(
        _ name: String, _ arguments: [String], environment: [String: String] = [:],
        within limit: Duration = .seconds(60)
    ) throws {
        try self.init(Self.start(name, arguments, environment: environment), within: limit)
    }

    /// Waits for the end of a script.
    init(_ process: ChildProcess, within limit: Duration = .seconds(60)) throws {
        guard case .code(let code) = try process.wait(within: limit * slowness) else {
            throw TestFailure("a signal ended the script:\n\(process.output)\(process.errorOutput)")
        }
        self.code = code
        output = process.output
        errorOutput = process.errorOutput
    }

    static func start(
        _ name: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> ChildProcess {
        var all = environment
        // For the service that a script starts.
        for name in ["ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "LD_LIBRARY_PATH"] where all[name] == nil {
            all[name] = environmentVariable(name)
        }
        return try ChildProcess("\(folder)/\(name)", arguments, environment: all)
    }

    var text: String { output + errorOutput }

    var rows: [Row] { output.split(separator: "\n").compactMap { Row($0) } }

    func row(_ name: String) throws -> Row {
        guard let row = rows.first(where: { $0.name == name }) else { throw TestFailure("no row \(name):\n\(text)") }
        return row
    }
}
