import CisternBytes
import TestSupport
import Testing

@Suite("Framing on the wire", .blocking) struct FramingTests {
    @Test(arguments: Backend.allCases, [4095, 4096, 4097, 65535, 65536, 65537])
    func aDribbledBodyArrivesWhole(backend: Backend, size: Int) throws {
        let stack = try backend.stack
        var generator = SplitMix64(seed: UInt64(size))
        let body = generator.bytes(size)
        let path = "/keys/dribbled-\(size)"
        let connection = try stack.raw()
        let head = "PUT \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(size)\r\nConnection: close\r\n\r\n"
        try connection.send(pieces: pieces(Array(head.utf8) + body, of: 1021))
        let answer = try connection.readResponse()
        #expect(answer.status == 201)
        #expect(answer.headers["Connection"]?.lowercased() == "close")
        #expect(try connection.readToEnd().isEmpty)

        let reader = try stack.raw()
        try reader.send(Bytes("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
        let value = try reader.readResponse()
        #expect(value.status == 200)
        #expect(value.body == Bytes(body))
        #expect(try reader.readToEnd().isEmpty)
    }

    @Test func aRequestMayComeByteByByte() throws {
        let connection = try Backend.local.stack.raw()
        let request =
            "PUT /keys/bytewise HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab"
            + "PUT /keys/bytewise HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "1;name=\"v\"\r\nc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n"
            + "GET /keys/bytewise HTTP/1.1\r\nHost: localhost\r\n\r\n"
        try connection.send(pieces: request.utf8.map { [$0] })
        #expect(try connection.readResponse().status == 201)
        #expect(try connection.readResponse().status == 204)
        #expect(try connection.readResponse().body == "cde")
    }

    @Test func theClientIsToldToContinue() throws {
        let connection = try Backend.local.stack.raw()
        try connection.send(
            "PUT /keys/expected HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        #expect(try connection.read(through: Array("\r\n\r\n".utf8)) == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(connection.staysSilent(for: .milliseconds(20)))
        try connection.send("abc")
        #expect(try connection.readResponse().status == 201)
    }

    @Test func aRefusedClientIsNotToldToContinue() throws {
        let connection = try Backend.local.stack.raw()
        try connection.send(
            "PUT /keys/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
        #expect(try connection.readResponse().status == 413)
        connection.shutdownWrite()
        #expect(try connection.readToEnd().isEmpty)
    }

    @Test(arguments: Backend.allCases) func pipelinedAnswersComeInOrder(backend: Backend) throws {
        let connection = try backend.stack.raw()
        var requests = ""
        for number in 0..<100 {
            requests += "PUT /keys/pipe-\(number) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"
            requests += String(1000 + number)
            requests += "GET /keys/pipe-\(number) HTTP/1.1\r\nHost: localhost\r\n\r\n"
            requests += "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
        }
        try connection.send(Bytes(requests))
        for number in 0..<100 {
            #expect(try connection.readResponse().status == 201)
            #expect(try connection.readResponse().body == Bytes(String(1000 + number)))
            #expect(try connection.readResponse().status == 404)
        }
    }

    @Test(arguments: [("HTTP/1.1", "close", false), ("HTTP/1.1", "Close", false), ("HTTP/1.0", "keep-alive", true)])
    func theConnectionEndsAsAsked(version: String, option: String, stays: Bool) throws {
        let connection = try Backend.local.stack.raw()
        let request = Bytes("GET /health/live \(version)\r\nHost: localhost\r\nConnection: \(option)\r\n\r\n")
        try connection.send(request)
        #expect(try connection.readResponse().status == 200)
        if stays {
            try connection.send(request)
            #expect(try connection.readResponse().status == 200)
        } else {
            #expect(try connection.readToEnd().isEmpty)
        }
    }

    @Test func curlKeepsItsConnection() throws {
        let curl = try Backend.local.stack.curl()
        #expect(try curl.get("/health/live").connectionsMade == 1)
        #expect(try curl.put("/keys/kept-alive", "v").connectionsMade == 0)
        #expect(try curl.get("/keys/kept-alive").connectionsMade == 0)
        #expect(try curl.head("/keys/kept-alive").connectionsMade == 0)
        #expect(try curl.delete("/keys/kept-alive").connectionsMade == 0)
        #expect(try curl.get("/keys/kept-alive").connectionsMade == 0)
    }

    @Test(arguments: [
        "GET /keys/x HTTP/1.1\nHost: localhost\n\n", "GET /keys/x HTTP/1.1\r\n\r\n",
        "GET /keys/x HTTP/1.1\r\nHost : localhost\r\n\r\n",
        "GET /keys/x HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        "GET /keys/x HTTP/1.1\r\nHost: local host\r\n\r\n",
        "GET /keys/x HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n",
        "GET /keys/x HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
        "PUT /keys/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PUT /keys/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "PUT /keys/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\na",
        "PUT /keys/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\na",
        "PUT /keys/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "PUT /keys/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "PUT /keys/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        "PUT /keys/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "PUT /keys/x HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "nonsense\r\n\r\n", "GET  /keys/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /keys/x\r\n\r\n", " GET /keys/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ])
    func whatIsNotHTTPIsRefusedAndEnds(request: String) throws {
        let connection = try Backend.local.stack.raw()
        try connection.send(Bytes(request))
        #expect(try connection.readResponse().status == 400)
        connection.shutdownWrite()
        #expect(connection.isClosedByPeer())
    }

    @Test(arguments: [
        ("GET /keys/x HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
        ("PUT /keys/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ])
    func whatIsNotSupportedIsSaid(request: String, status: Int) throws {
        let connection = try Backend.local.stack.raw()
        try connection.send(Bytes(request))
        #expect(try connection.readResponse().status == status)
    }

    @Test(
        arguments: [
            Bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            [0x16, 0x03, 0x01, 0x00, 0xC8, 0x01, 0x00, 0x00, 0xC4, 0x03, 0x03, 0x00, 0x0D, 0x0A, 0x0D, 0x0A],
        ] as [Bytes])
    func anotherProtocolMeetsAnEnd(bytes: Bytes) throws {
        let connection = try Backend.local.stack.raw()
        try connection.send(bytes)
        #expect(connection.isClosedByPeer(within: .seconds(5)))
    }

    @Test(arguments: [
        ("GET http://localhost/keys/absolute HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 204), ("GET /health/live HTTP/1.0\r\n\r\n", 200),
        ("\r\nGET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
    ])
    func unusualButValidRequestsAreServed(request: String, status: Int) throws {
        let connection = try Backend.local.stack.raw()
        try connection.send(Bytes(request))
        #expect(try connection.readResponse().status == status)
    }

    private func pieces(_ bytes: [UInt8], of size: Int) -> [Bytes] {
        stride(from: 0, to: bytes.count, by: size).map { Bytes(bytes[$0..<min($0 + size, bytes.count)]) }
    }
}
