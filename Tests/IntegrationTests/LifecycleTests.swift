import CisternBytes
import Glibc
import TestSupport
import Testing

@Suite("Start and end", .blockingAlone) struct LifecycleTests {
    @Test func itListensSoonAfterItsStart() throws {
        // The best of five: a machine that is busy with something else says nothing about the program.
        let times = try (0..<5).map { _ in try Stack.local().service.startTime }
        // 100 ms is the promise, for the release build.
        #expect(try #require(times.min()) < .milliseconds(250 * slowness))
    }

    @Test func itServesAtOnceWhereItSaysItListens() throws {
        let stack = try Stack.local()
        #expect(stack.service.text.contains("listening on http://127.0.0.1:\(stack.service.port)"))
        #expect(try stack.curl().put("/keys/k", "v").status == 201)
    }

    @Test func askedToEndItFinishesWhatIsInFlight() throws {
        let stack = try Stack.local()
        let inFlight = try stack.raw()
        try inFlight.send("PUT /keys/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab")
        let idle = try stack.raw()
        try idle.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try idle.readResponse().status == 200)
        stack.service.process.signal(SIGTERM)
        #expect(idle.isClosedByPeer())
        #expect(stack.service.process.exitIfEnded == nil)
        try inFlight.send("cd")
        let answer = try inFlight.readResponse()
        #expect(answer.status == 201)
        #expect(answer.headers["Connection"]?.lowercased() == "close")
        #expect(try stack.service.wait().code == 0)
    }

    @Test(arguments: [SIGTERM, SIGINT]) func anIdleServiceEndsAtOnce(signal: Int32) throws {
        let stack = try Stack()
        _ = try stack.curl().get("/health")
        let begin = ContinuousClock.now
        stack.service.process.signal(signal)
        #expect(try stack.service.wait().code == 0)
        #expect(.now - begin < .seconds(2 * slowness))
    }

    @Test func aRequestThatNeverEndsIsWaitedForNoLongerThanAgreed() throws {
        let stack = try Stack.local(["CISTERN_HTTP_SHUTDOWN_TIMEOUT": "1s"])
        let stuck = try stack.raw()
        try stuck.send("PUT /keys/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab")
        _ = try stack.curl().get("/health/live")
        let begin = ContinuousClock.now
        #expect(try stack.service.stop().code == 0)
        #expect((.milliseconds(900)...(.seconds(2 * slowness))).contains(.now - begin))
    }

    @Test func aSecondSignalEndsItAtOnce() throws {
        let stack = try Stack.local()
        let stuck = try stack.raw()
        try stuck.send("PUT /keys/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab")
        let idle = try stack.raw()
        try idle.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try idle.readResponse().status == 200)
        stack.service.process.signal(SIGTERM)
        // Its end shows that the first signal has been taken.
        #expect(idle.isClosedByPeer())
        #expect(stack.service.process.exitIfEnded == nil)
        stack.service.process.signal(SIGTERM)
        _ = try stack.service.process.wait(within: .seconds(2 * slowness))
    }

    @Test func drainingItIsNotReadyButServes() throws {
        let stack = try Stack.local(["CISTERN_HTTP_DRAIN_DELAY": "2s"])
        let curl = try stack.curl()
        #expect(try curl.get("/health/ready").status == 200)
        stack.service.process.signal(SIGTERM)
        #expect(try eventually(within: .seconds(2)) { try curl.get("/health/ready").status == 503 })
        let answer = try curl.put("/keys/k", "v")
        #expect(answer.status == 201)
        // So that clients go elsewhere with their next request.
        #expect(answer.headers["Connection"] == "close")
        #expect(try stack.service.wait().code == 0)
    }

    @Test func aPortInUseIsSaid() throws {
        let stack = try Stack.local()
        let outcome = try CisternProcess.run(
            ["serve"], environment: ["CISTERN_BACKEND": "local", "CISTERN_HTTP_PORT": "\(stack.service.port)"])
        #expect(outcome.code == 69)
        #expect(outcome.text.contains("\(stack.service.port)"))
        #expect(try stack.curl().get("/health/live").status == 200)
    }

    @Test(arguments: Backend.allCases) func clientsThatGoLeaveNothingBehind(backend: Backend) throws {
        let stack = backend == .redis ? try Stack() : try Stack.local()
        let process = stack.service.process
        _ = try stack.curl().put("/keys/k", "v")
        func leave(_ number: Int) throws {
            let connection = try stack.raw()
            switch number % 5 {
            case 0: try connection.send("PUT /keys/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nab")
            case 1: try connection.send("GET /keys/k HTTP/1.1\r\nHost: localhost\r\n\r\n")
            case 2: try connection.send("GET /ke")
            case 3:
                try connection.send(
                    "PUT /keys/k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
            default: break
            }
            if number % 2 == 0 { connection.reset() } else { connection.close() }
        }
        for number in 0..<50 { try leave(number) }
        _ = try stack.curl().get("/keys/k")
        // The pool grows by itself; the clients of the warm-up have to be gone.
        let before = try settled { try process.descriptors }
        for number in 0..<1000 { try leave(number) }
        #expect(try eventually { try process.descriptors <= before }, "more than \(before) descriptors")
        #expect(try stack.curl().get("/keys/k").body == "v")
        #expect(try stack.service.stop().code == 0)
    }

    /// The value once it has been the same for a quarter of a second.
    private func settled(_ value: () throws -> Int) throws -> Int {
        var last = try value()
        var since = ContinuousClock.now
        _ = try eventually(within: .seconds(5)) {
            let next = try value()
            if next != last { (last, since) = (next, .now) }
            return .now - since > .milliseconds(250)
        }
        return last
    }
}
