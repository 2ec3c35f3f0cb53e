import CisternBytes
import CisternHTTP
import TestSupport
import Testing

@Suite("Server: connections", .blocking) struct ServerConnectionTests {
    private func get(_ path: String, _ fields: String = "") -> Bytes {
        Bytes("GET \(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n")
    }

    @Test func aConnectionServesOneRequestAfterTheOther() async throws {
        try await withServer { server in
            let connection = try server.connect()
            for number in 0..<3 {
                try connection.send(get("/query?\(number)"))
                let answer = try connection.readResponse()
                #expect(answer.body == Bytes("\(number)"))
                #expect(answer.headers["Connection"] == nil)
                #expect(answer.headers["Date"]?.hasSuffix(" GMT") == true)
            }
            #expect(server.statistics.accepted == 1 && server.statistics.requests == 3)
        }
    }

    @Test(
        arguments: [
            ("HTTP/1.1", "", true, nil), ("HTTP/1.1", "keep-alive", true, nil), ("HTTP/1.1", "CLOSE", false, "close"),
            ("HTTP/1.0", "", false, "close"), ("HTTP/1.0", "Keep-Alive", true, "keep-alive"),
            ("HTTP/1.0", "close", false, "close"),
        ] as [(String, String, Bool, String?)])
    func itGoesOnAsVersionAndClientSay(version: String, option: String, stays: Bool, said: String?) async throws {
        try await withServer { server in
            let connection = try server.connect()
            let field = option.isEmpty ? "" : "Connection: \(option)\r\n"
            let request = Bytes("GET /hello \(version)\r\nHost: h\r\n\(field)\r\n")
            try connection.send(request)
            #expect(try connection.readResponse().headers["Connection"] == said)
            if stays {
                try connection.send(request)
                #expect(try connection.readResponse().body == "hello")
            } else {
                #expect(try connection.readToEnd().isEmpty)
            }
        }
    }

    @Test func aThousandPipelinedRequestsAreAnsweredInOrder() async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(Bytes((0..<1000).flatMap { Array(get("/query?\($0)")) }))
            for number in 0..<1000 { #expect(try connection.readResponse().body == Bytes("\(number)")) }
            #expect(connection.staysSilent(for: .milliseconds(5)))
        }
    }

    /// A request that waits does not let the next one overtake it.
    @Test func pipelinedRequestsWaitForTheOneBefore() async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(get("/slow").appending(get("/hello")).appending(get("/query?3")))
            #expect(comes { server.handler.gate.arrived == 1 })
            try server.settle()
            #expect(connection.staysSilent(for: .milliseconds(5)))
            server.handler.gate.open()
            #expect(try connection.readResponse().body == "slow")
            #expect(try connection.readResponse().body == "hello")
            #expect(try connection.readResponse().body == "3")
        }
    }

    /// A request is for the handler that is there when its head has been read, whoever had the one before.
    @Test func anotherHandlerHasTheNextRequest() async throws {
        try await withServer { server in
            let next = TestHandler()
            let connections = try (0..<3).map { _ in try server.connect() }
            for connection in connections {
                try connection.send(get("/hello"))
                #expect(try connection.readResponse().body == "hello")
            }
            #expect(comes { server.statistics.resting == 3 })
            // Answered just now, so that it waits yet and does not rest.
            try connections[0].send(get("/hello"))
            #expect(try connections[0].readResponse().body == "hello")
            try connections[1].send(get("/slow").appending(get("/query?1")).appending(get("/query?2")))
            #expect(comes { server.handler.gate.arrived == 1 })
            await server.apply(next)
            server.handler.gate.open()
            #expect(try connections[1].readResponse().body == "slow")
            for number in 1...2 { #expect(try connections[1].readResponse().body == Bytes("\(number)")) }
            #expect(server.handler.answered == 5 && next.answered == 2)
            for connection in [connections[0], connections[2]] {
                try connection.send(get("/hello"))
                #expect(try connection.readResponse().body == "hello")
            }
            #expect(server.handler.answered == 5 && next.answered == 4)
            #expect(server.statistics.requests == 9)
        }
    }

    @Test func aClientThatHasEndedItsSideIsAnswered() async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(get("/slow").appending(get("/hello")))
            connection.shutdownWrite()
            #expect(comes { server.handler.gate.arrived == 1 })
            // The loop has seen the end while the request was waiting.
            try server.settle()
            server.handler.gate.open()
            #expect(try connection.readResponse().body == "slow")
            #expect(try connection.readResponse().body == "hello")
            #expect(try connection.readToEnd().isEmpty)
        }
    }

    @Test(arguments: ["/hello", "/stream?100", "/nowhere"]) func standingLinesAreInTheAnswerToTheirRequestAlone(
        target: String
    ) async throws {
        try await withServer { server in
            let connection = try server.connect()
            for (field, value) in [("Origin: a\r\n", "yes"), ("", nil), ("Origin: a\r\n", "yes")] {
                try connection.send(Bytes("GET \(target) HTTP/1.1\r\nHost: h\r\n\(field)\r\n"))
                #expect(try connection.readResponse().headers["X-Standing"] == value)
            }
        }
    }

    @Test(
        arguments: [("/hello", "5", nil), ("/stream?100", nil, "chunked"), ("/nowhere", "13", nil)]
            as [(String, String?, String?)])
    func headHasTheFieldsAndNoBody(path: String, length: String?, coding: String?) async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(Bytes("HEAD \(path) HTTP/1.1\r\nHost: h\r\n\r\n").appending(get("/query?next")))
            let answer = try connection.readResponse(hasBody: false)
            #expect(answer.headers["Content-Length"] == length)
            #expect(answer.headers["Transfer-Encoding"] == coding)
            #expect(try connection.readResponse().body == "next")
        }
    }

    @Test func aHeadThatSaysCloseIsFollowedByTheEnd() async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send("HEAD /stream?9 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try connection.readResponse(hasBody: false).headers["Connection"] == "close")
            #expect(try connection.readToEnd().isEmpty)
        }
    }

    @Test func whatTheHandlerDoesNotAnswerIsAnErrorOfTheServer() async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(get("/silence"))
            #expect(try connection.readResponse().status == 500)
            try connection.send(get("/hello"))
            #expect(try connection.readResponse().status == 200)
        }
    }

    @Test(arguments: [("/hello", 200), ("/silence", 500)]) func aConnectionEndsWithTheHandlerThatLeavesIt(
        path: String, status: Int
    ) async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(get("\(path)?last"))
            #expect(try connection.readResponse().status == status)
            #expect(try connection.readToEnd().isEmpty)
        }
    }

    @Test func everyLoopListens() async throws {
        try await withServer(loops: 3) { server in
            let connections = try (0..<60).map { _ in try server.connect() }
            for connection in connections {
                try connection.send(get("/hello"))
                #expect(try connection.readResponse().body == "hello")
            }
            #expect(server.statistics.open == 60 && server.statistics.accepted == 60)
        }
    }

    @Test func bytesAreCountedWhileAConnectionLives() async throws {
        try await withServer { server in
            let connection = try server.connect()
            let request = get("/large?100000")
            try connection.send(request)
            #expect(try connection.readResponse().body.count == 100_000)
            #expect(server.statistics.bytesRead == request.count)
            #expect(comes { server.statistics.bytesWritten > 100_000 })
        }
    }
}

@Suite("Server: a client's share", .blockingAlone) struct ServerShareTests {
    private func pipeline(_ path: String, _ count: Int) -> Bytes {
        let request = Array("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        return Bytes((0..<count).flatMap { _ in request })
    }

    /// The requests wait behind one that is held, so that all of them are there at once.
    @Test func oneConnectionDoesNotTakeATurnForItself() async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(pipeline("/slow", 1).appending(pipeline("/hello", 2000)))
            #expect(comes { server.handler.gate.arrived == 1 })
            server.handler.gate.open()
            #expect(try connection.readResponse().body == "slow")
            for _ in 0..<2000 { #expect(try connection.readResponse().body == "hello") }
            #expect(server.handler.mostInOneTurn <= 65)
        }
    }

    /// The loop is kept from turning, so that both requests are there when it turns, and again within that turn.
    @Test func anAnswerDoesNotWaitForTheOtherRequestsOfItsTurn() async throws {
        try await withServer { server in
            let (first, second, third) = (try server.connect(), try server.connect(), try server.connect())
            for connection in [second, third] {
                try connection.send(pipeline("/hello", 1))
                #expect(try connection.readResponse().body == "hello")
            }
            try first.send(pipeline("/held", 1))
            #expect(comes { server.handler.hold.arrived == 1 })
            try second.send(pipeline("/hello", 1))
            try third.send(pipeline("/held/again", 1))
            server.handler.hold.release()
            #expect(comes { server.handler.secondHold.arrived == 1 })
            #expect(try second.readResponse().body == "hello")
            #expect(server.handler.answered == 4, "the one that keeps the loop from turning is not answered")
            server.handler.secondHold.release()
            #expect(try third.readResponse().body == "held again")
            #expect(try first.readResponse().body == "held")
        }
    }

    /// What has come is there to be read all the time, and so is the end.
    @Test(arguments: [false, true]) func theLoopRestsWhileARequestIsAnswered(hasEnded: Bool) async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(pipeline("/slow", 1))
            #expect(comes { server.handler.gate.arrived == 1 })
            if hasEnded { connection.shutdownWrite() } else { try connection.send(pipeline("/hello", 1)) }
            #expect(connection.staysSilent(for: .milliseconds(400)))
            server.handler.gate.open()
            #expect(try connection.readResponse().body == "slow")
            #expect(comes { server.handler.answered > 0 })
            #expect(server.handler.processorTimeOfWaiting < .milliseconds(60))
        }
    }

    @Test func whoDoesNotReadIsNotServedOn() async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(pipeline("/slow", 1).appending(pipeline("/large?15000", 4000)))
            #expect(comes { server.handler.gate.arrived == 1 })
            server.handler.gate.open()
            try server.settle()
            // What the kernel's buffers hold is answered, and little more; all of it would be 60 MB.
            #expect(connection.staysUnread(while: { server.statistics.requests }))
            #expect(server.statistics.requests < 1500)
            for _ in 0..<4001 { #expect(try connection.readResponse().status == 200) }
        }
    }

    @Test func theProducerOfAStreamWaitsForItsReader() async throws {
        try await withServer { server in
            let connection = try server.connect()
            let size = 48 << 20
            try connection.send(Bytes("GET /stream?\(size) HTTP/1.1\r\nHost: h\r\n\r\n"))
            #expect(connection.staysUnread(while: { server.handler.streamed }))
            #expect(server.handler.streamed < size / 2)
            #expect(try connection.readResponse().body.count == size)
            #expect(server.handler.streamsGivenUp == 0)
        }
    }
}

extension RawConnection {
    /// Reads nothing until `number` has been above zero and the same for a fifth of a second; false when it goes on.
    fileprivate func staysUnread(while number: () -> Int) -> Bool {
        var last = 0
        var since = ContinuousClock.now
        return eventually(within: .seconds(20)) {
            let next = number()
            if next != last { (last, since) = (next, .now) }
            return next > 0 && .now - since > .milliseconds(200)
        }
    }
}
