import CisternBytes
import CisternHTTP
import TestSupport
import Testing

/// A connection without a request for a moment has no task; what happens to it has to bring one back.
@Suite("Server: rest", .blocking) struct ServerRestTests {
    private static let request: Bytes = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"

    private func resting(_ server: TestServer, _ number: Int) -> Bool { comes { server.statistics.resting == number } }

    @Test func aConnectionThatRestsIsServedAgain() async throws {
        try await withServer(loops: 2) { server in
            let connections = try (0..<20).map { _ in try server.connect() }
            // Without a request too.
            #expect(resting(server, 20))
            for round in 0..<3 {
                for connection in connections {
                    if round == 1 {
                        try connection.send(pieces: [Bytes(Self.request.prefix(7)), Bytes(Self.request.dropFirst(7))])
                    } else {
                        try connection.send(Self.request)
                    }
                }
                for connection in connections { #expect(try connection.readResponse().body == "hello") }
                #expect(resting(server, 20))
            }
            #expect(server.statistics.open == 20 && server.statistics.accepted == 20)
            // With content that comes later, and with what is pipelined behind it.
            try connections[0].send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab")
            #expect(resting(server, 19))
            try connections[0].send(Bytes("cd").appending(Self.request).appending(Self.request))
            #expect(try connections[0].readResponse().body == "abcd")
            for _ in 0..<2 { #expect(try connections[0].readResponse().body == "hello") }
            for (number, connection) in connections.enumerated() {
                if number % 2 == 0 { connection.close() } else { connection.reset() }
            }
            #expect(comes { server.statistics.open == 0 && server.statistics.resting == 0 })
        }
    }

    @Test func theTimeOfAnIdleConnectionGoesOnWhileItRests() async throws {
        try await withServer({ $0.idleTimeout = .milliseconds(400) }) { server in
            let connection = try server.connect()
            try connection.send(Self.request)
            #expect(try connection.readResponse().status == 200)
            #expect(resting(server, 1))
            let begin = ContinuousClock.now
            #expect(connection.isClosedByPeer())
            #expect(.now - begin < .milliseconds(1500 * slowness))
        }
    }

    @Test func restingConnectionsEndWithTheServer() async throws {
        try await withServer(loops: 2) { server in
            let connections = try (0..<10).map { _ in try server.connect() }
            #expect(resting(server, 10))
            let begin = ContinuousClock.now
            await server.shutDown(within: .seconds(20))
            // At the end of its time it would end them all the same.
            #expect(.now - begin < .seconds(10))
            for connection in connections { #expect(connection.isClosedByPeer()) }
            #expect(server.statistics.open == 0 && server.statistics.resting == 0)
        }
    }

    /// Who sends a head slowly is in no rest, and has the time of a head and no more.
    @Test func aBegunRequestIsNoRest() async throws {
        try await withServer({ $0.headerTimeout = .milliseconds(500) }) { server in
            let connection = try server.connect()
            #expect(resting(server, 1))
            try connection.send("GET /he")
            #expect(resting(server, 0))
            #expect(try connection.readResponse().status == 408)
        }
    }
}

@Suite("Server: deadlines", .blockingAlone) struct ServerDeadlineTests {
    private let soon = Duration.seconds(1 * slowness)

    @Test func aHeadThatDribblesHasTheTimeFromItsFirstByteOn() async throws {
        try await withServer({ $0.headerTimeout = .milliseconds(200) }) { server in
            let connection = try server.connect()
            // Before the first byte the clock does not run.
            #expect(connection.staysSilent(for: .milliseconds(300)))
            let begin = ContinuousClock.now
            var silence = true
            for byte in "GET /hello HTTP/1.1\r\n".utf8 where silence {
                try connection.send([byte])
                silence = connection.staysSilent(for: .milliseconds(20))
            }
            let answer = try connection.readResponse()
            #expect(answer.status == 408)
            #expect(answer.headers["Connection"] == "close")
            #expect((.milliseconds(199)...soon).contains(.now - begin))
            connection.shutdownWrite()
            #expect(try connection.readToEnd().isEmpty)
        }
    }

    @Test(arguments: [false, true]) func anIdleConnectionEndsWithoutAWord(isUsed: Bool) async throws {
        try await withServer({ $0.idleTimeout = .milliseconds(150) }) { server in
            // From before anything happened: this thread may learn late of what has.
            let begin = ContinuousClock.now
            let connection = try server.connect()
            if isUsed {
                try connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try connection.readResponse().body == "hello")
            }
            #expect(try connection.readToEnd().isEmpty)
            #expect((.milliseconds(145)...soon).contains(.now - begin))
        }
    }

    @Test func theTimeOfAnAnswerIsNotIdleTime() async throws {
        try await withServer({ $0.idleTimeout = .milliseconds(150) }) { server in
            let begin = ContinuousClock.now
            let connection = try server.connect()
            try connection.send("GET /wait?400 HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try connection.readResponse().body == "waited")
            #expect(try connection.readToEnd().isEmpty)
            #expect((.milliseconds(545)...(.milliseconds(400) + soon)).contains(.now - begin))
        }
    }

    @Test func aBodyThatStallsIsGivenUp() async throws {
        try await withServer({
            $0.headerTimeout = .milliseconds(150)
            $0.minimumBodyRate = 1000
        }) { server in
            let connection = try server.connect()
            let begin = ContinuousClock.now
            // A hundred bytes are worth another tenth of a second.
            try connection.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n")
            try connection.send(Bytes([UInt8](repeating: 0x61, count: 100)))
            #expect(try connection.readResponse().status == 408)
            #expect((.milliseconds(245)...soon).contains(.now - begin))
            connection.shutdownWrite()
            #expect(try connection.readToEnd().isEmpty)
        }
    }

    @Test func aBodyThatKeepsItsRateIsTaken() async throws {
        try await withServer({
            $0.headerTimeout = .milliseconds(200)
            $0.minimumBodyRate = 100
        }) { server in
            let connection = try server.connect()
            try connection.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n")
            let piece = Bytes([UInt8](repeating: 0x61, count: 100))
            try connection.send(pieces: Array(repeating: piece, count: 10), pause: .milliseconds(50))
            #expect(try connection.readResponse().body.count == 1000)
        }
    }

    @Test func whoTakesNothingOfItsAnswerIsCutOff() async throws {
        try await withServer({ $0.writeStallTimeout = .milliseconds(200) }) { server in
            let connection = try server.connect()
            let size = 64 << 20
            let begin = ContinuousClock.now
            try connection.send(Bytes("GET /large?\(size) HTTP/1.1\r\nHost: h\r\n\r\n"))
            #expect(comes { server.handler.answered == 1 })
            #expect(comes { server.statistics.open == 0 })
            let taken = ContinuousClock.now - begin
            #expect(taken > .milliseconds(200))
            #expect(throws: RawConnection.Ending.self) { try connection.read(size) }
        }
    }

    /// RFC 9112 §9.6: it waits for the client to close, and not for ever.
    @Test func aClientThatDoesNotCloseIsNotWaitedForLong() async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(try connection.readResponse().body == "hello")
            #expect(try connection.readToEnd().isEmpty)
            let begin = ContinuousClock.now
            #expect(comes { server.statistics.open == 0 })
            let taken = ContinuousClock.now - begin
            #expect((.milliseconds(1800)...(.seconds(2) + soon)).contains(taken))
        }
    }

    /// What such a client sends in the meantime is dropped, up to a limit.
    @Test func aClientThatSendsOnIsNotListenedToForEver() async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send("POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n")
            let piece = Bytes([UInt8](repeating: 0x61, count: 1 << 20))
            let begin = ContinuousClock.now
            var sent = 0
            while sent < 256, (try? connection.send(piece)) != nil { sent += 1 }
            // Two seconds or 16 MiB, whichever comes first; the rest of it is what the kernel's buffers hold.
            #expect(sent < 48)
            #expect(.now - begin < .seconds(2 + 4 * slowness))
            #expect(comes { server.statistics.open == 0 })
        }
    }
}
