import CisternBytes
import Glibc
import TestSupport
import Testing

/// `cistern fallback-test`.
@Suite("The rehearsal of an outage", .blocking, .timeLimit(.minutes(20)))
struct FallbackTestTests {
    private static let withRedis = [
        "start", "write", "read", "kill", "copies", "restart", "replay", "healthy", "stored", "deleted", "untouched",
        "lost",
    ]
    private static let withoutRedis = ["unknown", "keep", "delete", "breaker"]

    /// Where the command makes its temporary directory.
    private let folder: String

    init() throws { folder = try makeTemporaryFolder() }

    @Test func everyStepPassesWithARedisOfItsOwn() throws {
        let redis = try StandIn(folder)
        let (outcome, lines) = try run(["PATH": redis.path])
        #expect(outcome.code == 0, "\(outcome.text)")
        for step in Self.withRedis + Self.withoutRedis { #expect(lines[step]?.first == "passed", "\(step)") }
        // It is killed and started again, not only said to be.
        #expect(redis.starts == 2)
        for (step, words) in [
            ("copies", "100 keys"), ("unknown", "not said to be missing"), ("keep", "50 writes"),
            ("delete", "25 deletes"), ("breaker", "open after "), ("replay", "75 kept"),
            ("lost", "75 of 75 replayed, 0 conflicts, 0 pending"),
        ] {
            #expect(lines[step]?.joined(separator: " ").contains(words) == true, "\(step): \(words)")
        }
        // Operations, by Redis, from here, kept, refused. How many the breaker lets through first is not promised.
        #expect(numbers(outcome, "Redis there") == [200, 200, 0, 0, 0])
        #expect(numbers(outcome, "Redis away").dropFirst().prefix(3) == [0, 175, 75])
        #expect(numbers(outcome, "Redis away").last ?? 0 >= 1)
        #expect(numbers(outcome, "Redis back") == [50, 50, 0, 0, 0])
        #expect(outcome.output.hasSuffix("\n\nverdict: passed\n"))
        #expect(try leftovers.isEmpty)
    }

    @Test func withoutARedisItShowsWhatItCan() throws {
        let (outcome, lines) = try run(["PATH": ""])
        #expect(outcome.code == 0, "\(outcome.text)")
        for step in Self.withRedis { #expect(lines[step] == ["skipped"], "\(step)") }
        for step in Self.withoutRedis { #expect(lines[step]?.first == "passed", "\(step)") }
        #expect(lines["unknown"]?.contains("missing:") == true)
        #expect(outcome.output.contains("where nobody answers"))
        // Who reads the verdict alone must not think that all was shown.
        #expect(
            outcome.output.hasSuffix(
                "\nverdict: passed, as far as it goes without redis-server: apt-get install redis-server\n"))
        #expect(try leftovers.isEmpty)
    }

    struct Failure: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var atFirst = ""
        var atReturn = ""
        let failed: [String]
        var skipped: [String] = []
        let words: String

        static let all: [Failure] = [
            Failure(
                testDescription: "it does not start", atFirst: "exit 1", failed: ["start"],
                skipped: withoutRedis + withRedis.dropFirst(), words: "redis-server ended"),
            Failure(
                testDescription: "it does not come back", atReturn: "exit 1", failed: ["restart"],
                skipped: Array(withRedis.drop { $0 != "replay" }), words: "redis-server ended"),
            Failure(
                testDescription: "it comes back without its data", atReturn: "rm -rf append*", failed: ["untouched"],
                words: "50 of 50 keys are not in Redis as they should be"),
            Failure(
                testDescription: "another client has written", atReturn: set("rewritten-1"),
                failed: ["healthy", "stored", "lost"], words: "74 of 75 replayed, 1 conflicts, 0 pending"),
            Failure(
                testDescription: "another client has written a deleted key", atReturn: set("deleted-1"),
                failed: ["deleted", "lost"], words: "1 of 25 keys are not in Redis as they should be"),
        ]

        /// Puts a write into the server's file, as if it had come before the server ended.
        private static func set(_ key: String) -> String {
            """
            for file in appendonlydir/*.incr.aof appendonly.aof; do
                if [ -f "$file" ]; then
                    printf '*3\\r\\n$3\\r\\nSET\\r\\n$\(key.utf8.count)\\r\\n\(key)\\r\\n$1\\r\\nx\\r\\n' >> "$file"
                fi
            done
            """
        }
    }

    @Test(arguments: Failure.all) func whatGoesWrongIsSaid(failure: Failure) throws {
        let redis = try StandIn(folder, atFirst: failure.atFirst, atReturn: failure.atReturn)
        let (outcome, lines) = try run(["PATH": redis.path])
        #expect(outcome.code == 1, "\(outcome.text)")
        for step in Self.withRedis + Self.withoutRedis {
            let expected =
                failure.failed.contains(step) ? "FAILED" : failure.skipped.contains(step) ? "skipped" : "passed"
            #expect(lines[step]?.first == expected, "\(step)\n\(outcome.text)")
        }
        #expect(outcome.output.contains(failure.words), "\(outcome.text)")
        #expect(outcome.output.hasSuffix("\n\nverdict: FAILED\n"))
        #expect(try leftovers.isEmpty)
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGKILL]) func nothingIsLeftWhenItIsEnded(signal: Int32) throws {
        let redis = try StandIn(folder, atFirst: "exec sleep 600")
        let command = try CisternProcess.start(
            ["fallback-test"], environment: ["PATH": redis.path, "TMPDIR": temporary])
        #expect(eventually { redis.starts == 1 }, "\(command.output)")
        let server = try redis.process
        #expect(try !leftovers.isEmpty)
        command.signal(signal)
        #expect(try command.wait() == .signal(signal))
        #expect(try eventually { try leftovers.isEmpty })
        // Of one that has ended but has not been waited for there is no command line either.
        #expect(eventually { ((try? readText("/proc/\(server)/cmdline")) ?? "").isEmpty })
    }

    @Test func itShowsWhatWouldBeLogged() throws {
        let outcome = try CisternProcess.run(["fallback-test", "--log"])
        #expect(outcome.code == 0, "\(outcome.text)")
        for words in [
            "lost a connection to Redis", "Redis is unhealthy", "the circuit breaker of operations is open",
            "is closed again", "kept writes were replayed",
        ] {
            #expect(outcome.errorOutput.contains(words), "\(words)")
        }
    }

    // MARK: What it printed

    private var temporary: String { "\(folder)/temporary" }

    private var leftovers: [String] { get throws { try namesInFolder(temporary) } }

    /// Runs it, and takes the lines of its steps apart: what follows the name, word by word.
    private func run(_ environment: [String: String]) throws -> (CisternProcess.Outcome, [String: [String]]) {
        if mkdir(temporary, 0o700) != 0, errno != EEXIST { throw TestFailure(call: "mkdir", error: errno) }
        let outcome = try CisternProcess.run(
            ["fallback-test"], environment: environment.merging(["TMPDIR": temporary]) { $1 }, within: .seconds(60))
        var lines: [String: [String]] = [:]
        for line in outcome.output.split(separator: "\n") where !line.hasPrefix("verdict:") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 1, ["passed", "FAILED", "skipped"].contains(words[1]) else { continue }
            lines[words[0]] = Array(words.dropFirst())
            let hasTime = words.count > 3 && Int(words[2]) != nil && ["µs", "ms"].contains(words[3])
            #expect(hasTime || words[1] == "skipped", "\(line)")
        }
        return (outcome, lines)
    }

    /// The counts of a line of the table.
    private func numbers(_ outcome: CisternProcess.Outcome, _ title: String) -> [Int] {
        let line = outcome.output.split(separator: "\n").last { $0.hasPrefix(title) } ?? ""
        return line.dropFirst(title.count).split(separator: " ").dropLast(2).compactMap { Int($0) }
    }

    /// A redis-server in a folder of its own, that does something else first.
    private struct StandIn {
        let path: String
        private let log: String

        init(_ folder: String, atFirst: String = "", atReturn: String = "") throws {
            path = "\(folder)/bin"
            log = "\(folder)/starts"
            for each in [path, "\(folder)/temporary"] where mkdir(each, 0o700) != 0 {
                throw TestFailure(call: "mkdir \(each)", error: errno)
            }
            let script = """
                #!/bin/sh
                PATH='\(environmentVariable("PATH") ?? "/usr/bin:/bin")'
                export PATH
                echo $$ >> '\(log)'
                if [ "$(wc -l < '\(log)')" -eq 1 ]; then
                    : ; \(atFirst)
                else
                    : ; \(atReturn)
                fi
                exec redis-server "$@"

                """
            try writeFile("\(path)/redis-server", Bytes(script), mode: 0o700)
        }

        private var processes: [Substring] { get throws { try readText(log).split(separator: "\n") } }

        var starts: Int { (try? processes.count) ?? 0 }

        var process: String { get throws { String(try processes.first ?? "") } }
    }
}
