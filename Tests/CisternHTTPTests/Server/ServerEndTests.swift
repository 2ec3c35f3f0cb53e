import CisternBytes
import CisternHTTP
import Glibc
import TestSupport
import Testing

@Suite("Server: clients that go", .blocking) struct ServerClientGoneTests {
    @Test func anAnswerToAClientThatHasGoneHarmsNobody() async throws {
        try await withServer { server in
            for path in ["/slow", "/slow/echo"] {
                let connection = try server.connect()
                try connection.send(
                    Bytes("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n"))
                let arrived = path == "/slow" ? 1 : 2
                #expect(comes { server.handler.gate.arrived == arrived })
                connection.reset()
            }
            try server.settle()
            server.handler.gate.open()
            #expect(comes { server.statistics.open == 0 })
            try server.settle()
        }
    }

    @Test func aBodyThatIsAskedForTooLateEndsInNothing() async throws {
        try await withServer({ $0.headerTimeout = .milliseconds(50) }) { server in
            let connection = try server.connect()
            try connection.send("POST /slow/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n")
            #expect(comes { server.handler.gate.arrived == 1 })
            connection.reset()
            try server.settle()
            server.handler.gate.open()
            #expect(comes { server.statistics.open == 0 })
            // No deadline of a connection outlives it.
            let other = try server.connect()
            #expect(other.staysSilent(for: .milliseconds(150)))
            try server.settle()
        }
    }

    @Test func theProducerOfAStreamGetsToKnow() async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(Bytes("GET /stream?\(1 << 30) HTTP/1.1\r\nHost: h\r\n\r\n"))
            _ = try connection.read(100_000)
            connection.reset()
            #expect(comes { server.handler.streamsGivenUp == 1 })
            #expect(comes { server.statistics.open == 0 })
        }
    }

    @Test(arguments: [
        ("nonsense\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\u{0}\u{5}\u{1}\u{0}\u{0}\u{1}\u{3}", 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505), ("\u{0}\u{0}\u{0}\u{0}", 400), ("GET / HTTP/1.1\n\n", 400),
        ("SSH-2.0-client\r\n", 400), ("GET /hello HTTP/3.0\r\n\r\n", 505),
    ])
    func whatIsNotHTTPMeetsAClearEnd(bytes: String, status: Int) async throws {
        try await withServer { server in
            let connection = try server.connect()
            // Every scalar is one byte.
            try connection.send(Bytes(bytes.unicodeScalars.map { UInt8($0.value) }))
            #expect(try connection.readResponse().status == status)
            connection.shutdownWrite()
            #expect(try connection.readToEnd().isEmpty)
            #expect(server.statistics.rejections == 1)
        }
    }

    @Test func twoThousandConnectionsLeaveNothingBehind() async throws {
        try await withServer { server in
            try server.settle()
            let before = descriptors
            for number in 0..<2000 {
                let connection = try server.connect()
                switch number % 4 {
                case 0: break
                case 1: try connection.send("GET /he")
                case 2: try connection.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab")
                default: try connection.send("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                }
                if number % 3 == 0 { connection.reset() } else { connection.close() }
            }
            #expect(comes { server.statistics.open == 0 })
            // Other tests of the process have descriptors of their own.
            #expect(comes { descriptors < before + 100 })
            try server.settle()
        }
    }

    private var descriptors: Int {
        guard let folder = opendir("/proc/self/fd") else { return .max }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }
}

@Suite("Server: too many connections", .blocking) struct ServerCapacityTests {
    @Test func aConnectionTooManyIsToldAndClosed() async throws {
        try await withServer({ $0.maximumConnections = 2 }) { server in
            let first = try server.connect()
            let second = try server.connect()
            for connection in [first, second] {
                try connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try connection.readResponse().status == 200)
            }
            let third = try server.connect()
            let answer = try third.readResponse()
            #expect(answer.status == 503)
            #expect(answer.headers["Retry-After"] == "1")
            #expect(try third.readToEnd().isEmpty)
            third.close()
            #expect(comes { server.statistics.refused == 1 && server.statistics.open == 2 })
            first.close()
            #expect(comes { server.statistics.open == 1 })
            let fourth = try server.connect()
            try fourth.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try fourth.readResponse().status == 200)
        }
    }

    /// Connections that are being refused hold descriptors for a while; a flood of them must not take all, and is told all
    /// the same.
    @Test func aFloodIsToldAndTakesNoRoom() async throws {
        try await withServer({ $0.maximumConnections = 1 }) { server in
            let connections = try (0..<200).map { _ in try server.connect() }
            #expect(comes { server.statistics.refused == 199 })
            #expect(server.statistics.open == 1)
            for connection in connections.dropFirst() { #expect(try connection.readResponse().status == 503) }
            let served = connections[0]
            try served.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try served.readResponse().status == 200)
            #expect(connections[199].isClosedByPeer())
            // Those that are still being refused are in nobody's way.
            served.close()
            #expect(comes { server.statistics.open == 0 })
            let next = try server.connect()
            try next.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try next.readResponse().status == 200)
        }
    }
}

@Suite("Server: its end", .blockingAlone) struct ServerShutdownTests {
    @Test func idleConnectionsEndAtOnceAndBusyOnesAreAnswered() async throws {
        try await withServer { server in
            let fresh = try server.connect()
            let idle = try server.connect()
            try idle.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try idle.readResponse().status == 200)
            let busy = try server.connect()
            try busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
            let begun = try server.connect()
            try begun.send("GET /hello HTTP/1.1\r\nHo")
            let waiting = try server.connect()
            try waiting.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab")
            #expect(comes { server.handler.gate.arrived == 1 })
            try server.settle()

            let end = Task(executorPreference: BlockingThreads.shared) { await server.shutDown(within: .seconds(20)) }
            #expect(fresh.isClosedByPeer())
            #expect(idle.isClosedByPeer())
            #expect(throws: (any Error).self) { try server.connect() }
            server.handler.gate.open()
            try begun.send("st: h\r\n\r\n")
            try waiting.send("cd")
            for connection in [busy, begun, waiting] {
                let answer = try connection.readResponse()
                #expect(answer.status == 200)
                #expect(answer.headers["Connection"] == "close")
                // What was pipelined behind it is not answered.
                #expect(try connection.readToEnd().isEmpty)
                connection.close()
            }
            await end.value
            #expect(server.statistics.open == 0)
        }
    }

    /// A loop that is behind knows of the end before a connection of another loop ends.
    @Test func noLoopEndsAConnectionBeforeAllKnow() async throws {
        try await withServer(loops: 2) { server in
            var connections: [Bytes: RawConnection] = [:]
            while connections.count < 2 {
                let connection = try server.connect()
                try connection.send("GET /loop HTTP/1.1\r\nHost: h\r\n\r\n")
                connections[try connection.readResponse().body] = connection
            }
            let (idle, held) = (try #require(connections["0"]), try #require(connections["1"]))
            try held.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(comes { server.handler.hold.arrived == 1 })
            let end = Task(executorPreference: BlockingThreads.shared) { await server.shutDown(within: .seconds(20)) }
            #expect(idle.isClosedByPeer())
            server.handler.hold.release()
            #expect(try held.readResponse().headers["Connection"] == "close")
            held.close()
            await end.value
        }
    }

    /// Its head was written before anyone knew of the end, and said nothing of it.
    @Test func aConnectionThatIsStillWritingEndsAfterItsAnswer() async throws {
        try await withServer { server in
            let connection = try server.connect()
            let size = 32 << 20
            try connection.send(Bytes("GET /large?\(size) HTTP/1.1\r\nHost: h\r\n\r\n"))
            #expect(comes { server.handler.answered == 1 })
            let end = Task(executorPreference: BlockingThreads.shared) { await server.shutDown(within: .seconds(20)) }
            #expect(comes { (try? server.connect()) == nil })
            #expect(try connection.readResponse().body.count == size)
            #expect(try connection.readToEnd().isEmpty)
            connection.close()
            await end.value
        }
    }

    /// It waits for the next request already, but the client has not taken the last answer.
    @Test func anAnswerThatHasNotGoneIsNotCutShort() async throws {
        try await withServer { server in
            let connection = try server.connect()
            let size = 60_000
            var sent = 0
            repeat {
                try connection.send(Bytes("GET /large?\(size) HTTP/1.1\r\nHost: h\r\n\r\n"))
                sent += 1
                #expect(comes { server.handler.answered >= 2 * sent - 1 })
                try server.settle()
            } while server.statistics.bytesWritten >= sent * size && sent < 1000
            let end = Task(executorPreference: BlockingThreads.shared) { await server.shutDown(within: .seconds(20)) }
            #expect(comes { (try? server.connect()) == nil })
            for _ in 0..<sent { #expect(try connection.readResponse().body.count == size) }
            #expect(try connection.readToEnd().isEmpty)
            connection.close()
            await end.value
        }
    }

    @Test func whatDoesNotEndIsCutOff() async throws {
        try await withServer { server in
            let stuck = try server.connect()
            try stuck.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab")
            let half = try server.connect()
            try half.send("GET /he")
            try server.settle()
            let taken = await ContinuousClock().measure { await server.shutDown(within: .milliseconds(300)) }
            #expect((.milliseconds(290)...(.seconds(1 * slowness))).contains(taken))
            #expect(stuck.isClosedByPeer() && half.isClosedByPeer())
        }
    }
}
