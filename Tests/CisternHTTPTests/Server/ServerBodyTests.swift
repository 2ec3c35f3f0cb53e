import CisternBytes
import CisternHTTP
import TestSupport
import Testing

@Suite("Server: bodies", .blocking) struct ServerBodyTests {
    private func post(_ path: String, _ length: Int, _ fields: String = "") -> Bytes {
        Bytes("POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\(fields)\r\n")
    }

    @Test(arguments: [0, 1, 4095, 4096, 4097, 16_384, 65_535, 65_537])
    func aBodyArrivesWholeHoweverItIsCut(size: Int) async throws {
        var generator = SplitMix64(seed: UInt64(size))
        let body = Bytes(generator.bytes(size))
        let wire = Array(post("/echo", size)) + Array(body)
        try await withServer { server in
            let connection = try server.connect()
            let step = max(1, wire.count / 40)
            try connection.send(
                pieces: stride(from: 0, to: wire.count, by: step).map { Bytes(wire[$0..<min($0 + step, wire.count)]) })
            #expect(try connection.readResponse().body == body)
            try connection.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try connection.readResponse().body == "hello")
        }
    }

    @Test func aChunkedBodyAndWhatFollowsMayComeByteByByteOrAtOnce() async throws {
        let wire: Bytes =
            """
            POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r
            3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r
            POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nfgGET /hello HTTP/1.1\r\nHost: h\r\n\r\n
            """
        try await withServer { server in
            for pieces in [[wire], wire.map { [$0] }] {
                let connection = try server.connect()
                try connection.send(pieces: pieces)
                #expect(try connection.readResponse().body == "abcde")
                #expect(try connection.readResponse().body == "fg")
                #expect(try connection.readResponse().body == "hello")
            }
        }
    }

    @Test func theClientIsToldToContinueWhenTheBodyIsWanted() async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(post("/slow/echo", 3, "Expect: 100-continue\r\n"))
            #expect(comes { server.handler.gate.arrived == 1 })
            #expect(connection.staysSilent(for: .milliseconds(5)))
            server.handler.gate.open()
            #expect(try connection.read(25) == "HTTP/1.1 100 Continue\r\n\r\n")
            try connection.send("abc")
            #expect(try connection.readResponse().body == "abc")
        }
    }

    @Test(arguments: ["Content-Length: 3\r\n\r\na", "Transfer-Encoding: chunked\r\n\r\n3\r\na"])
    func whoHasBegunIsNotToldToContinue(start: String) async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(Bytes("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\(start)"))
            try server.settle()
            try connection.send(start.contains("chunked") ? "bc\r\n0\r\n\r\n" : "bc")
            #expect(try connection.readResponse().body == "abc")
        }
    }

    @Test(arguments: ["Content-Length: 300000\r\n", "Transfer-Encoding: chunked\r\n"])
    func aBodyTooLargeIsRefusedAndTheClientGetsToKnow(framing: String) async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(Bytes("POST /echo/ten HTTP/1.1\r\nHost: h\r\n\(framing)\r\n"))
            // It sends all of it before it reads: closing at once would reset the connection and lose the answer.
            let body = Bytes([UInt8](repeating: 0x61, count: 300_000))
            try connection.send(framing.contains("chunked") ? Bytes("493e0\r\n").appending(body) : body)
            let answer = try connection.readResponse()
            #expect(answer.status == 413)
            #expect(answer.headers["Connection"] == "close")
            connection.shutdownWrite()
            #expect(try connection.readToEnd().isEmpty)
        }
    }

    @Test func anAnswerWithoutTheBodyEndsTheConnectionInStages() async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(post("/hello", 300_000, "Expect: 100-continue\r\n"))
            try connection.send(Bytes([UInt8](repeating: 0x61, count: 300_000)))
            let answer = try connection.readResponse()
            #expect(answer.body == "hello")
            #expect(answer.headers["Connection"] == "close")
            connection.shutdownWrite()
            #expect(try connection.readToEnd().isEmpty)
        }
    }

    @Test(arguments: ["POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab", "POST /echo HT"])
    func aRequestCutShortHasNoAnswer(request: String) async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(Bytes(request))
            connection.shutdownWrite()
            #expect(try connection.readToEnd().isEmpty)
        }
    }

    @Test func aMalformedChunkIsRefused() async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")
            #expect(try connection.readResponse().status == 400)
            connection.shutdownWrite()
            #expect(try connection.readToEnd().isEmpty)
        }
    }

    /// A value that is kept keeps its array.
    @Test(arguments: [100, 70_000, 600_000]) func aBodyTakesNoMoreRoomThanItNeeds(size: Int) async throws {
        try await withServer { server in
            let connection = try server.connect()
            try connection.send(post("/echo", size).appending(Bytes([UInt8](repeating: 0x61, count: size))))
            #expect(try connection.readResponse().body.count == size)
            #expect(server.handler.capacity < size + size / 8 + 64)
        }
    }
}
