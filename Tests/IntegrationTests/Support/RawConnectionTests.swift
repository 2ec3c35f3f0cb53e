import CisternBytes
import TestSupport
import Testing

@Suite("Raw connections", .blocking) struct RawConnectionTests {
    @Test func anOrderlyEndAndAResetAreToldApart() throws {
        let server = try FaultServer { number in [.receive(1), .send(["ab"]), number == 0 ? .close : .reset] }
        let first = try RawConnection(port: server.port)
        try first.send("x")
        #expect(try first.readToEnd() == "ab")
        let second = try RawConnection(port: server.port)
        try second.send("x")
        // A reset may overtake the bytes before it.
        let ending = #expect(throws: RawConnection.Ending.self) { try second.readToEnd() }
        #expect(ending == .reset("ab") || ending == .reset(""))
    }

    @Test func readingStopsAtTheLimit() throws {
        let server = try FaultServer { _ in [.send(["ab"]), .silence] }
        let connection = try RawConnection(port: server.port, limit: .milliseconds(50))
        #expect(throws: RawConnection.Ending.timedOut("ab")) { try connection.read(3) }
        #expect(try connection.read(1) == "a")
        #expect(connection.staysSilent(for: .milliseconds(20)))
        #expect(!connection.isClosedByPeer(within: .milliseconds(20)))
        server.stop()
        #expect(connection.isClosedByPeer())
    }

    @Test func halfAConnectionCanEnd() throws {
        let server = try FaultServer { _ in [.receive(2), .receive(1)] }
        let connection = try RawConnection(port: server.port)
        try connection.send(pieces: ["a", "b"])
        connection.shutdownWrite()
        #expect(try connection.readToEnd().isEmpty)
        #expect(server.received() == "ab")
    }

    @Test(arguments: [
        "Content-Length: 4\r\n\r\nab\r\n",
        "transfer-encoding: Chunked\r\n\r\n1;x=y\r\na\r\n3\r\nb\r\n\r\n0\r\nT: 1\r\n\r\n",
    ])
    func anAnswerEndsWhereItsFramingSays(rest: String) throws {
        let answer = Bytes("HTTP/1.1 200 OK\r\nA: b: c\r\n" + rest)
        let server = try FaultServer { _ in [.send(answer.map { [$0] }), .send([answer]), .silence] }
        let connection = try RawConnection(port: server.port)
        for _ in 0..<2 {
            let response = try connection.readResponse()
            #expect(response.status == 200)
            #expect(response.headers["a"] == "b: c")
            #expect(response.body == "ab\r\n")
        }
    }

    @Test func anAnswerWithoutLengthEndsWithTheConnection() throws {
        let server = try FaultServer { _ in [.send(["HTTP/1.0 200 OK\r\n\r\na", "b"])] }
        #expect(try RawConnection(port: server.port).readResponse().body == "ab")
    }

    @Test func connectionsHaveScriptsOfTheirOwn() throws {
        let server = try FaultServer { number in [.send([Bytes("\(number)\n")])] }
        #expect(try RawConnection(port: server.port).readToEnd() == "0\n")
        #expect(try RawConnection(port: server.port).readToEnd() == "1\n")
        #expect(server.connections == 2)
    }
}
