import CisternBytes
import TestSupport
import Testing

/// What becomes of writes that were kept while Redis was away, one at a time.
@Suite("Kept writes", .blockingAlone, .timeLimit(.minutes(20)))
struct KeptWriteTests {
    /// A service that a proxy can keep away from a Redis which goes on.
    private struct Setting {
        let redis: RedisServerProcess
        let proxy: FaultProxy
        let stack: Stack
        let curl: CurlClient

        init(_ environment: [String: String] = [:]) throws {
            redis = try RedisServerProcess()
            proxy = try FaultProxy(to: redis.port)
            stack = try Stack(
                on: redis,
                environment: Drill.environment.merging(["REDIS_PORT": "\(proxy.port)"]) { $1 }.merging(environment) {
                    $1
                })
            curl = try stack.curl()
            guard try stack.becomes("pass") else { throw TestFailure("not healthy at the start") }
        }

        func pending(_ name: String) throws -> Int {
            Int(try JSONText(curl.get("/stats").text)["pending"]?[name]?.number ?? -1)
        }

        func put(_ key: String, _ value: Bytes, query: String = "") throws -> Int {
            try curl.put("/keys/\(key)\(query)", value).status
        }

        /// Lets the service back to Redis, and waits until nothing is pending.
        func reconnect() throws {
            proxy.set(.pass)
            try settle()
        }

        func settle() throws {
            let isSettled = try eventually(within: .seconds(15 * slowness)) {
                let statistics = try JSONText(curl.get("/stats").text)
                return statistics["pending"]?["entries"]?.number == 0
                    && statistics["breaker"]?["state"]?.string == "closed"
                    && statistics["write_breaker"]?["state"]?.string == "closed"
            }
            guard isSettled else {
                throw TestFailure("not settled: \(try curl.get("/stats").text)\n\(stack.service.text)")
            }
        }
    }

    @Test func anotherClientsValueStands() throws {
        let setting = try Setting()
        #expect(try setting.put("k", "known") == 201)
        setting.proxy.set(.refuse)
        #expect(try setting.put("k", "kept") == 202)
        #expect(try setting.put("new", "kept") == 202)
        try setting.redis.cli("SET", "k", "another's")
        try setting.redis.cli("SET", "new", "another's")
        #expect(try setting.curl.get("/keys/k").body == "kept")
        try setting.reconnect()
        for key in ["k", "new"] {
            #expect(try setting.redis.cli("GET", Bytes(key)) == .bytes("another's"))
            let answer = try setting.curl.get("/keys/\(key)")
            #expect(answer.body == "another's")
            #expect(answer.headers["Cache-Source"] == "redis")
        }
        #expect(try setting.pending("conflicts") == 2)
        #expect(try setting.pending("replayed") == 0)
        #expect(setting.stack.service.text.contains("conflict"), "an operator can see it")
        #expect(!setting.stack.service.text.contains("another's"), "and nobody can see the value")
    }

    @Test func anotherClientsDeleteIsNoValueThatStands() throws {
        let setting = try Setting()
        #expect(try setting.put("k", "known") == 201)
        setting.proxy.set(.refuse)
        #expect(try setting.put("k", "kept") == 202)
        try setting.redis.cli("DEL", "k")
        try setting.reconnect()
        #expect(try setting.redis.cli("GET", "k") == .bytes("kept"))
        #expect(try setting.pending("conflicts") == 0)
        #expect(try setting.pending("replayed") == 1)
    }

    @Test func aValueThatIsThereAlreadyIsDone() throws {
        let setting = try Setting()
        #expect(try setting.put("k", "known") == 201)
        setting.proxy.set(.refuse)
        #expect(try setting.put("k", "kept") == 202)
        try setting.redis.cli("SET", "k", "kept")
        try setting.reconnect()
        #expect(try setting.redis.cli("GET", "k") == .bytes("kept"))
        #expect(try setting.pending("conflicts") == 0)
    }

    @Test func aDeleteStaysUnlessAnotherClientWrote() throws {
        let setting = try Setting()
        for key in ["gone", "rewritten"] { #expect(try setting.put(key, "known") == 201) }
        setting.proxy.set(.refuse)
        for key in ["gone", "rewritten", "never-known"] {
            let answer = try setting.curl.delete("/keys/\(key)")
            #expect(answer.status == 202)
            #expect(answer.headers["Cache-Durability"] == "memory")
            let read = try setting.curl.get("/keys/\(key)")
            #expect(read.status == 404)
            #expect(read.headers["Cache-Source"] == "local")
        }
        try setting.redis.cli("SET", "rewritten", "another's")
        try setting.redis.cli("SET", "never-known", "another's")
        try setting.reconnect()
        #expect(try setting.redis.cli("EXISTS", "gone") == .integer(0))
        #expect(try setting.curl.get("/keys/gone").status == 404)
        #expect(try setting.redis.cli("GET", "rewritten") == .bytes("another's"))
        #expect(try setting.redis.cli("GET", "never-known") == .bytes("another's"))
        #expect(try setting.pending("conflicts") == 2)
    }

    @Test func theLastOfManyWritesOfOneKeyIsTheOneThatArrives() throws {
        let setting = try Setting()
        #expect(try setting.put("k", "0") == 201)
        setting.proxy.set(.refuse)
        for number in 1...20 {
            #expect(try setting.put("k", Bytes("\(number)")) == 202)
            #expect(try setting.curl.get("/keys/k").body == Bytes("\(number)"))
        }
        #expect(try setting.curl.delete("/keys/k").status == 202)
        #expect(try setting.put("k", "last") == 202)
        #expect(try setting.pending("entries") == 1)
        try setting.reconnect()
        #expect(try setting.redis.cli("GET", "k") == .bytes("last"))
        #expect(try setting.pending("conflicts") == 0)
    }

    @Test func aLifetimeCountsFromTheMomentOfAcceptance() throws {
        let setting = try Setting()
        #expect(try setting.put("short", "old") == 201)
        setting.proxy.set(.refuse)
        #expect(try setting.put("short", "kept", query: "?ttl=1") == 202)
        #expect(try setting.put("long", "kept", query: "?ttl=100") == 202)
        let accepted = ContinuousClock.now
        // Its time passes while nobody can reach Redis; nothing is left to show.
        #expect(try eventually(within: .seconds(5)) { try setting.curl.get("/keys/short").status != 200 })
        #expect(try setting.redis.cli("GET", "short") == .bytes("old"))
        try setting.reconnect()
        #expect(try setting.redis.cli("EXISTS", "short") == .integer(0), "nor does the value before it come back")
        #expect(try setting.curl.get("/keys/short").status == 404)
        let left = Duration.milliseconds(try setting.redis.cli("PTTL", "long").integer ?? -1)
        let passed = ContinuousClock.now - accepted
        #expect(passed >= .milliseconds(500), "too soon to tell")
        #expect(left <= .seconds(100) - passed + .milliseconds(100) && left > .seconds(80), "\(left) after \(passed)")
        #expect(try setting.pending("conflicts") == 0)
    }

    @Test func anEmptyRedisGetsWhatWasKept() throws {
        let setting = try Setting()
        for key in ["stored", "replaced", "deleted"] { #expect(try setting.put(key, "known") == 201) }
        setting.redis.kill9()
        #expect(try setting.put("replaced", "kept") == 202)
        #expect(try setting.put("new", "kept") == 202)
        #expect(try setting.curl.delete("/keys/deleted").status == 202)
        try setting.redis.restart()
        try setting.settle()
        for key in ["replaced", "new"] { #expect(try setting.redis.cli("GET", Bytes(key)) == .bytes("kept")) }
        // A copy is no write: what Redis lost is gone.
        for key in ["stored", "deleted"] {
            #expect(try setting.redis.cli("EXISTS", Bytes(key)) == .integer(0))
            #expect(try setting.curl.get("/keys/\(key)").status == 404)
        }
        #expect(try setting.pending("conflicts") == 0)
    }

    /// The replay itself is cut off, several times and in several ways, and repeated.
    @Test(arguments: [
        FaultProxy.Mode.resetAfter(replyBytes: 900), .resetAfter(replyBytes: 0), .swallowReplies, .cut(.close),
        .cut(.hold),
    ])
    func aReplayThatIsCutOffIsRepeated(mode: FaultProxy.Mode) throws {
        let setting = try Setting()
        let keys = (0..<200).map { "k-\($0)" }
        for key in keys.prefix(100) { #expect(try setting.put(key, "known") == 201) }
        setting.proxy.set(.refuse)
        for (number, key) in keys.enumerated() {
            let status =
                number % 4 == 3
                ? try setting.curl.delete("/keys/\(key)").status : try setting.put(key, Bytes("kept \(number)"))
            #expect(status == 202)
        }
        for _ in 0..<3 {
            let before = setting.proxy.statistics
            setting.proxy.set(mode)
            // Once something has gone wrong on the way back, or the attempts have got nowhere for a while.
            _ = eventually(within: .milliseconds(700)) { setting.proxy.statistics.faults >= before.faults + 2 }
        }
        try setting.reconnect()
        for (number, key) in keys.enumerated() {
            let expected: RedisReply = number % 4 == 3 ? .null : .bytes(Bytes("kept \(number)"))
            #expect(try setting.redis.cli("GET", Bytes(key)) == expected)
        }
        #expect(try setting.pending("conflicts") == 0)
    }

    /// The hard case: the first write lies unanswered in a stopped server's buffers while the second is kept.
    @Test(arguments: [5, 1]) func ofTwoWritesToAStoppedRedisTheSecondStays(maxFailures: Int) throws {
        let setting = try Setting(["CISTERN_CIRCUIT_BREAKER_MAX_FAILURES": "\(maxFailures)"])
        #expect(try setting.put("k", "0") == 201)
        for round in 1...20 {
            setting.redis.pause()
            #expect(try setting.put("k", Bytes("first \(round)")) == 202)
            #expect(try setting.put("k", Bytes("second \(round)")) == 202)
            setting.redis.resume()
            try expectFinally(setting, "second \(round)")
        }
        #expect(try setting.pending("conflicts") == 0)
    }

    /// The same, with a pause in which the service gives the connection up; Redis finds the first write in its buffers.
    @Test(arguments: [5, 1]) func theSecondWriteStaysWhenTheConnectionWasClosedMeanwhile(maxFailures: Int) throws {
        let setting = try Setting(["CISTERN_CIRCUIT_BREAKER_MAX_FAILURES": "\(maxFailures)"])
        #expect(try setting.put("k", "0") == 201)
        func lost() throws -> Double {
            try JSONText(setting.curl.get("/stats").text)["redis"]?["connections_lost"]?.number ?? -1
        }
        for round in 1...5 {
            let before = try lost()
            setting.redis.pause()
            #expect(try setting.put("k", Bytes("first \(round)")) == 202)
            #expect(try setting.put("k", Bytes("second \(round)")) == 202)
            #expect(try eventually { try lost() > before })
            setting.redis.resume()
            try expectFinally(setting, "second \(round)")
        }
        #expect(try setting.pending("conflicts") == 0)
    }

    /// Writes are under way still, on connections that the service has given up, when they have long been replayed on
    /// others, and other writes have followed.
    @Test func whatWasLeftBehindNeverArrives() throws {
        let setting = try Setting()
        #expect(try setting.put("k", "0") == 201)
        setting.proxy.set(.strandExisting)
        #expect(try setting.put("k", "first") == 202)
        #expect(try setting.put("k", "second") == 202)
        #expect(try setting.put("deleted", "first") == 202)
        try setting.settle()
        #expect(try setting.redis.cli("GET", "k") == .bytes("second"))
        // One of the idle connections may be met, which are stranded as well.
        #expect([202, 204].contains(try setting.put("k", "third")))
        #expect([202, 204].contains(try setting.curl.delete("/keys/deleted").status))
        try setting.settle()
        #expect(setting.proxy.heldRequests.contains { $0.string?.contains("first") == true })
        setting.proxy.set(.pass)
        // The old connections are through with what they had: it was dropped, or taken up by the server, whose loop has
        // executed it after two turns.
        #expect(
            try eventually {
                let pool = try JSONText(setting.curl.get("/stats").text)["redis"]?["pool"]
                return pool?["open"]?.number == Double(setting.proxy.statistics.open)
            })
        for _ in 0..<2 { try setting.redis.cli("PING") }
        #expect(try setting.redis.cli("GET", "k") == .bytes("third"))
        #expect(try setting.redis.cli("EXISTS", "deleted") == .integer(0))
        #expect(try setting.pending("conflicts") == 0)
    }

    private func expectFinally(_ setting: Setting, _ value: String) throws {
        try setting.settle()
        // Whatever lay in the server's buffers when it went on has been taken up after two turns of its loop.
        for _ in 0..<2 { try setting.redis.cli("PING") }
        #expect(try setting.redis.cli("GET", "k") == .bytes(Bytes(value)))
        #expect(try setting.curl.get("/keys/k").body == Bytes(value))
    }
}
