import CisternBytes
import Glibc
import TestSupport
import Testing

/// The scripts of `Tests/Load`: what they print against what the service counts.
@Suite("Load scripts", .blocking) struct LoadScriptTests {
    /// What a service has counted.
    private struct Counted: Equatable {
        var fine = 0
        var refused = 0
        var failed = 0
        var hits = 0
        var stored = 0

        init(_ stack: Stack) throws {
            let numbers = try JSONText(try stack.curl().get("/stats").text).numbers
            func count(_ path: String) -> Int { Int(numbers[path] ?? 0) }
            fine = count("/requests//keys/{key}/2xx")
            refused = count("/requests//keys/{key}/4xx")
            failed = count("/requests//keys/{key}/5xx")
            hits = count("/cache/hits")
            stored = count("/cache/stored")
        }
    }

    private static func url(_ stack: Stack) -> String { "http://127.0.0.1:\(stack.service.port)" }

    // MARK: Numbers

    @Test(
        arguments: [
            ([], []), ([7], [7, 7, 7, 7]), ([2, 1], [1, 2, 2, 2]), ([3, 1, 2], [2, 3, 3, 3]),
            (Array((1...10).reversed()), [5, 9, 10, 10]), (Array(1...11), [6, 10, 11, 11]),
            (Array((1...100).reversed()), [50, 90, 99, 100]), (Array(1...101), [51, 91, 100, 101]),
            (Array(1...1000), [500, 900, 990, 1000]),
        ] as [([Int], [Double])])
    func percentilesAreThoseOfTheNearestRank(milliseconds: [Int], expected: [Double]) throws {
        let lines = milliseconds.map { "GET 0 200 \(Double($0) / 1000) 0 9 1 source= retry=\n" }.joined()
        let row = try row(of: lines)
        #expect(row.requests == milliseconds.count && row.errors == 0)
        #expect(row.times == expected)
    }

    @Test func whatWasNotAnsweredIsAnErrorAndHasNoTime() throws {
        let lines = """
            GET 0 200 0.004 1 9 1 source=redis retry=
            GET 7 000 0.001 0 0 2 source= retry=
            GET 28 000 5.001 1 0 3 source= retry=
            GET 0 503 0.002 0 0 4 source= retry=2
            GET 18 200 0.003 0 4 5 source=redis retry=
            GET 0 200 0.001 0 8 6 source=redis retry=
            PUT 0 201 0.900 0 0 7 source= retry=

            """
        let row = try row(of: lines, "GET 9")
        #expect(row.requests == 6 && row.errors == 5)
        #expect(row.times == [3, 5001, 5001, 5001])
        #expect(
            row.answers == "1 × 200, 1 × 503, 1 × 200 of a wrong length, 1 × curl 7 (no connection), "
                + "1 × curl 18 (body cut short), 1 × curl 28 (timeout)")
    }

    /// The row that the scripts print for these answers.
    private func row(of lines: String, _ further: String = "") throws -> LoadScript.Row {
        let path = try makeTemporaryFolder() + "/answers"
        try writeFile(path, Bytes(lines))
        let command = ". '\(LoadScript.folder)/common.bash'; row name '\(path)' 1000000 200,204 \(further) || true"
        let outcome = try LoadScript(ChildProcess("bash", ["-c", command]))
        #expect(outcome.errorOutput.isEmpty)
        return try outcome.row("name")
    }

    // MARK: Warm-up and mix

    @Test func warmUpWritesAndReadsEveryKey() throws {
        let stack = try Stack.local()
        let first = try LoadScript("warm-up", ["--keys", "120", "--size=33", Self.url(stack)])
        #expect(first.code == 0, "\(first.text)")
        #expect(try first.row("PUT").answers == "120 × 201")
        #expect(try first.row("GET").answers == "120 × 200")
        #expect(try first.row("GET").times.count == 4)
        #expect(first.output.contains("240 requests") && first.output.contains("no errors"))
        let counted = try Counted(stack)
        #expect(counted.fine == 240 && counted.hits == 120 && counted.stored == 120)
        #expect(try stack.curl().get("/keys/load/120").body.count == 33)
        // The URL of the environment, and keys that are there already.
        let second = try LoadScript(
            "warm-up", ["--keys", "10", "--first-byte", "--connections", "2"],
            environment: ["LOAD_URL": Self.url(stack)])
        #expect(second.code == 0, "\(second.text)")
        #expect(try second.row("PUT").answers == "10 × 204")
        // The one above came from this test.
        #expect(try Counted(stack).fine == 240 + 1 + 20)
    }

    @Test func theMixCountsWhatTheServiceCounts() throws {
        let stack = try Stack.local()
        let warmUp = try LoadScript("warm-up", ["--keys", "50", Self.url(stack)])
        #expect(warmUp.code == 0)
        let before = try Counted(stack)
        let mix = try LoadScript("mix", ["--keys", "50", "--requests", "400", "--reads", "75", Self.url(stack)])
        #expect(mix.code == 0, "\(mix.text)")
        let after = try Counted(stack)
        let (reads, writes) = (try mix.row("GET"), try mix.row("PUT"))
        #expect(reads.requests + writes.requests == 400)
        #expect((260...340).contains(reads.requests))
        #expect(after.fine - before.fine == 400)
        #expect(after.hits - before.hits == reads.requests)
        #expect(after.stored - before.stored == writes.requests)
        #expect(try mix.row("all").answers == "\(reads.requests) × 200, \(writes.requests) × 204")
    }

    /// With one connection the answers follow from the order of keys and methods.
    @Test func aSeedIsAChoice() throws {
        func answers(seed: Int) throws -> String {
            let stack = try Stack.local()
            let arguments = ["--connections", "1", "--keys", "40", "--requests", "200", "--reads", "60"]
            let mix = try LoadScript("mix", arguments + ["--seed", "\(seed)", "--accept", "404", Self.url(stack)])
            #expect(mix.code == 0, "\(mix.text)")
            return try mix.row("all").answers
        }
        let first = try answers(seed: 1)
        #expect(try answers(seed: 1) == first)
        #expect(try answers(seed: 2) != first)
    }

    @Test func overHTTPSWithTheAuthorityOfTheEnvironment() throws {
        let stack = try SecureStack()
        let url = "https://127.0.0.1:\(stack.service.port)"
        let authority = try TLSFixtures.shared.authority
        let trusting = try LoadScript("warm-up", ["--keys", "20", url], environment: ["CURL_CA_BUNDLE": authority])
        #expect(trusting.code == 0, "\(trusting.text)")
        let other = try LoadScript("warm-up", ["--keys", "20", url])
        #expect(other.code == 1)
        #expect(try other.row("GET").answers == "20 × curl 60 (unknown certificate)")
    }

    // MARK: Errors

    @Test func keysThatAreNotThereAreErrors() throws {
        let stack = try Stack.local()
        let arguments = ["--requests", "100", "--reads", "100", Self.url(stack)]
        let mix = try LoadScript("mix", arguments)
        #expect(mix.code == 1)
        #expect(try mix.row("GET").errors == 100)
        #expect(try mix.row("GET").answers == "100 × 404")
        #expect(mix.output.contains("100 errors") && mix.output.contains("warm-up"))
        #expect(try Counted(stack).refused == 100)
        #expect(try LoadScript("mix", arguments + ["--accept", "404"]).code == 0)
    }

    @Test(arguments: ["warm-up", "mix", "soak"]) func nobodyListens(script: String) throws {
        let limits = [
            "warm-up": ["--keys", "10"], "mix": ["--requests", "20"], "soak": ["--seconds", "1", "--rate", "20"],
        ]
        let outcome = try LoadScript(script, limits[script, default: []] + ["http://127.0.0.1:\(try freePort())"])
        #expect(outcome.code == 1)
        #expect(outcome.output.contains(" × curl 7 (no connection)"), "\(outcome.text)")
        #expect(outcome.output.contains("20 requests over 0 connections: 20 errors"), "\(outcome.text)")
    }

    @Test func aServiceThatIsUnavailableIsCounted() throws {
        let stack = try Stack.local(["CISTERN_BACKEND": "redis", "REDIS_PORT": "\(try freePort())"])
        let warmUp = try LoadScript("warm-up", ["--keys", "30", Self.url(stack)])
        #expect(warmUp.code == 1)
        #expect(try warmUp.row("PUT").answers == "30 × 202")
        let mix = try LoadScript("mix", ["--prefix", "others/", "--reads", "100", "--requests", "40", Self.url(stack)])
        #expect(mix.code == 1)
        #expect(try mix.row("GET").answers == "40 × 503")
        #expect(try mix.row("GET").errors == 40)
        #expect(try Counted(stack).failed == 40)
    }

    @Test func whatIsNeverAnsweredEndsInTime() throws {
        let server = try FaultServer { _ in [.silence] }
        let url = "http://127.0.0.1:\(server.port)"
        let few = try LoadScript("mix", ["--requests", "4", "--connections", "4", "--max-time", "1", url])
        #expect(few.code == 1)
        #expect(try few.row("all").answers == "4 × curl 28 (timeout)", "\(few.text)")
        #expect(try few.row("all").times.allSatisfy { $0 >= 990 })
        // All of them, twenty at a time, would take a hundred seconds.
        let many = try LoadScript(
            "mix", ["--requests", "1000", "--connections", "20", "--max-time", "2", "--seconds", "1", url],
            within: .seconds(30))
        #expect(many.code == 1)
        #expect(many.output.contains("200 requests over 20 connections: 200 errors"), "\(many.text)")
        #expect(many.output.contains("of them were not answered before the time was over"))
        #expect(many.output.contains("stopped: 200 of 1000 requests were made"))
    }

    @Test(arguments: ["warm-up", "mix", "soak", "outage-drill"]) func wrongUsageIsExplained(script: String) throws {
        let help = try LoadScript(script, ["--help"])
        #expect(help.code == 0 && help.output.contains("usage: \(script)") && help.output.contains("Exit codes"))
        for (arguments, words) in [
            (["--kees", "3"], "--kees: is not an option"), (["--keys"], "--keys: needs a value"),
            (["--keys", "0"], "--keys 0: must be a whole number"), (["--keys", "1e3"], "must be a whole number"),
            (["--connections=301"], "1 to 300"), (["--keys", "99999999999999999999"], "must be a whole number"),
            (["--a[$(exit)]", "1"], "is not an option"),
            (["ftp://127.0.0.1"], script == "outage-drill" ? "option" : "URL"),
        ] {
            let outcome = try LoadScript(script, arguments)
            #expect(outcome.code == 2, "\(arguments)")
            #expect(outcome.errorOutput.contains(words), "\(arguments): \(outcome.text)")
            #expect(outcome.errorOutput.contains("\(script) --help"))
        }
    }

    // MARK: Tokens

    @Test func aTokenIsSentAndSeenByNobody() throws {
        let stack = try Tokens.service.get()
        let token = Tokens.token(["read", "write", "admin"])
        let script = try LoadScript.start(
            "soak",
            [
                "--prefix", "token/", "--accept", "404", "--seconds", "2", "--interval", "1", "--rate", "100",
                Self.url(stack),
            ],
            environment: ["LOAD_TOKEN": token])
        var commandLines: Set<String> = []
        while script.exitIfEnded == nil {
            for process in try namesInFolder("/proc") where Int(process) != nil {
                if let line = try? readText("/proc/\(process)/cmdline") { commandLines.insert(line) }
            }
        }
        let soak = try LoadScript(script)
        #expect(soak.code == 0, "\(soak.text)")
        #expect(soak.output.contains("at the end"), "the token has the scope admin: \(soak.text)")
        #expect(commandLines.contains { $0.contains("--parallel-max") })
        #expect(!commandLines.contains { $0.contains(token) })
    }

    @Test func aTokenOfAFile() throws {
        let stack = try Tokens.service.get()
        let path = try makeTemporaryFolder() + "/token"
        try writeFile(path, Bytes(Tokens.token(["read", "write"]) + "\n"))
        let known = try LoadScript(
            "warm-up", ["--keys", "10", "--prefix", "file/", "--token-file", path, Self.url(stack)])
        #expect(known.code == 0, "\(known.text)")
        let none = try LoadScript("warm-up", ["--keys", "10", "--prefix", "file/", Self.url(stack)])
        #expect(none.code == 1)
        #expect(try none.row("PUT").answers == "10 × 401")
        let broken = try LoadScript("warm-up", [Self.url(stack)], environment: ["LOAD_TOKEN": "two words"])
        #expect(broken.code == 2)
    }

    // MARK: Soak

    @Test func theSoakSumsUpWhatTheServiceCounts() throws {
        let stack = try Stack.local()
        let warmUp = try LoadScript("warm-up", ["--keys", "50", Self.url(stack)])
        #expect(warmUp.code == 0)
        let before = try Counted(stack)
        let soak = try LoadScript(
            "soak", ["--keys", "50", "--seconds", "3", "--interval", "1", "--rate", "50", Self.url(stack)])
        #expect(soak.code == 0, "\(soak.text)")
        let requests = soak.rows.reduce(0) { $0 + $1.requests }
        // A busy machine makes fewer.
        #expect((50...150).contains(requests) && requests % 50 == 0)
        #expect(try Counted(stack).fine - before.fine == requests)
        #expect(soak.output.contains("\(requests) requests over"))
        #expect(soak.rows.allSatisfy { $0.name.hasSuffix("MiB") && $0.times.count == 4 }, "\(soak.text)")
        #expect(soak.rows.count < 2 || soak.output.contains("MiB at the end"))
    }

    @Test func theSoakSeesMemoryGrow() throws {
        let stack = try Stack.local()
        let soak = try LoadScript(
            "soak",
            [
                "--reads", "0", "--keys", "100000", "--size", "1000000", "--seconds", "4", "--interval", "1", "--rate",
                "8", "--growth", "1", Self.url(stack),
            ])
        #expect(soak.code == 1, "\(soak.text)")
        #expect(soak.output.contains("it grew by more than 1 MiB") && soak.output.contains("no errors"))
    }

    // MARK: wrk

    @Test func wrkMakesTheSameMix() throws {
        let stack = try Stack.local()
        let warmUp = try LoadScript("warm-up", ["--keys", "50", Self.url(stack)])
        #expect(warmUp.code == 0)
        let before = try Counted(stack)
        func wrk(_ options: [String]) throws -> LoadScript {
            let arguments = [
                "-t", "2", "-c", "4", "-d", "1", "-s", "\(LoadScript.folder)/mix.lua", Self.url(stack), "--",
            ]
            return try LoadScript(ChildProcess("wrk", arguments + options, installation: "apt-get install wrk"))
        }
        let mix = try wrk(["--keys", "50", "--reads", "80"])
        #expect(mix.code == 0, "\(mix.text)")
        let line = try #require(mix.output.split(separator: "\n").first { $0.hasPrefix("requests ") })
        let requests = try #require(Int(line.dropFirst("requests ".count).prefix { $0 != "," }))
        // Of each connection, one was on its way at the end.
        let counted = try Counted(stack).fine - before.fine
        #expect((requests...requests + 4).contains(counted), "\(counted): \(mix.text)")
        #expect(mix.output.contains(" × 200, ") && mix.output.contains(" × 204\n"))
        let wrong = try wrk(["--keys", "none"])
        #expect(wrong.code == 2 && wrong.errorOutput.contains("must be a whole number"))
    }
}
