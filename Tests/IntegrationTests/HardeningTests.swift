import CisternBytes
import TestSupport
import Testing

/// Clients that are slow, silent, greedy or none, and beside them one that behaves.
@Suite("Hardening", .blockingAlone) struct HardeningTests {
    /// Limits so short that a test sees their end. An idle connection has a minute, so that none ends by that.
    private static let service = [
        "CISTERN_HTTP_HEADER_TIMEOUT": "2s", "CISTERN_HTTP_IDLE_TIMEOUT": "3s",
        "CISTERN_HTTP_WRITE_STALL_TIMEOUT": "2s",
        "CISTERN_HTTP_MIN_BODY_RATE": "10000",
    ]

    /// Has a well-behaved client write and read, with a connection for each request and with one for all.
    private func expectService(of stack: Stack) throws {
        let kept = try stack.curl()
        for number in 0..<20 {
            for curl in [kept, try stack.curl()] {
                let value = Bytes("\(number)")
                let written = try curl.put("/keys/behaved", value)
                let read = try curl.get("/keys/behaved")
                #expect([201, 204].contains(written.status) && read.body == value)
                #expect(max(written.duration, read.duration) < .seconds(1 * slowness))
            }
        }
    }

    private func connections(_ count: Int, to stack: Stack, sending bytes: Bytes? = nil) throws -> [RawConnection] {
        try (0..<count).map { _ in
            let connection = try RawConnection(port: stack.service.port, limit: .seconds(30 * slowness))
            if let bytes { try connection.send(bytes) }
            return connection
        }
    }

    /// Whether each is answered with a status, and then ended.
    private func expectEnd(of connections: [RawConnection], with status: Int, named name: String? = nil) throws {
        for connection in connections {
            let answer = try connection.readResponse()
            #expect(answer.status == status && (name == nil || answer.headers["X-Request-Id"] == name))
            #expect(try connection.readToEnd().isEmpty)
            connection.close()
        }
    }

    /// Whether no connection is left but the one that asks.
    private func expectNoConnections(in stack: Stack) throws {
        let curl = try stack.curl()
        let isAlone = try eventually {
            try JSONText(curl.get("/stats").text)["connections"]?["open"] == .number(1)
        }
        #expect(isAlone)
    }

    @Test func headsThatDribble() throws {
        let stack = try Stack.local(Self.service)
        let slow = try connections(200, to: stack, sending: "GET /keys/x HTTP/1.1\r\nX-Request-Id: slow\r\nHost: ")
        for _ in 0..<5 {
            // Where the time is over, nobody takes it any more.
            for connection in slow { try? connection.send("l") }
            try expectService(of: stack)
        }
        try expectEnd(of: slow, with: 408, named: "slow")
        try expectNoConnections(in: stack)
    }

    @Test func bodiesThatDribble() throws {
        let stack = try Stack.local(Self.service)
        let head = "PUT /keys/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
        let slow = try connections(200, to: stack, sending: Bytes(head))
        for _ in 0..<5 {
            for connection in slow { try? connection.send("aaaaaaaaaa") }
            try expectService(of: stack)
        }
        try expectEnd(of: slow, with: 408)
        #expect(try stack.curl().get("/keys/slow").status == 404)
        try expectNoConnections(in: stack)
    }

    /// What waits for them is bounded: a connection's next request is looked at when its answers have gone.
    @Test func clientsThatDoNotRead() throws {
        let stack = try Stack.local(Self.service)
        _ = try stack.curl().put("/keys/large", Bytes([UInt8](repeating: 0x61, count: 1 << 20)))
        let get = "GET /keys/large HTTP/1.1\r\nHost: localhost\r\n\r\n"
        let deaf = try connections(50, to: stack, sending: Bytes(String(repeating: get, count: 100)))
        for _ in 0..<5 { try expectService(of: stack) }
        // 5 GB have been asked for.
        let resident = try #require(try JSONText(stack.curl().get("/stats").text)["resident_bytes"]?.number)
        #expect(resident < Double(400 << 20))
        try expectNoConnections(in: stack)
        withExtendedLifetime(deaf) {}
    }

    @Test func clientsThatSayNothing() throws {
        let stack = try Stack.local(Self.service.merging(["CISTERN_HTTP_IDLE_TIMEOUT": "3s"]) { $1 })
        let silent = try connections(200, to: stack)
        for _ in 0..<5 { try expectService(of: stack) }
        for connection in silent {
            #expect(try connection.readToEnd().isEmpty)
            connection.close()
        }
        try expectNoConnections(in: stack)
    }

    @Test func moreConnectionsThanAreWelcome() throws {
        let stack = try Stack.local([
            "CISTERN_HTTP_MAX_CONNECTIONS": "50", "CISTERN_HTTP_HEADER_TIMEOUT": "60s",
        ])
        let kept = try stack.curl()
        #expect(try kept.put("/keys/k", "v").status == 201)
        let welcome = try connections(49, to: stack, sending: "GET /keys/k HTTP/1.1\r\n")
        let isFull = try eventually {
            try JSONText(kept.get("/stats").text)["connections"]?["open"] == .number(50)
        }
        #expect(isFull)
        for _ in 0..<100 {
            let unwelcome = try stack.raw()
            let answer = try unwelcome.readResponse()
            #expect(answer.status == 503)
            #expect(Int(answer.headers["Retry-After"] ?? "") ?? 0 >= 1)
            #expect(answer.headers["Connection"] == "close")
            #expect(answer.headers["Content-Type"] == "application/problem+json")
            #expect(try unwelcome.readToEnd().isEmpty)
            #expect(try kept.get("/keys/k").connectionsMade == 0)
        }
        // Many at once are not all told, and none waits.
        let flood = try connections(300, to: stack)
        for connection in flood { #expect(connection.isClosedByPeer(within: .seconds(20 * slowness))) }
        for connection in flood { connection.close() }
        #expect(try kept.get("/keys/k").body == "v")
        // Those within have not been disturbed.
        for connection in welcome {
            try connection.send("Host: localhost\r\nConnection: close\r\n\r\n")
            #expect(try connection.readResponse().body == "v")
            connection.close()
        }
        let isBack = try eventually { try stack.curl().get("/keys/k").status == 200 }
        #expect(isBack)
    }

    @Test func garbage() throws {
        let stack = try Stack.local(Self.service)
        var generator = SplitMix64(seed: 9)
        for _ in 0..<5 {
            let broken = try (0..<40).map { number in
                let connection = try stack.raw()
                try connection.send(Bytes(generator.bytes(1 + number * 97)))
                connection.shutdownWrite()
                return connection
            }
            try expectService(of: stack)
            for connection in broken { #expect(connection.isClosedByPeer(within: .seconds(20 * slowness))) }
        }
        try expectNoConnections(in: stack)
    }

    @Test func hellosOnThePlainPort() throws {
        let stack = try Stack.local(Self.service)
        let hello = Bytes([0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + [UInt8](repeating: 7, count: 506))
        let broken = try connections(100, to: stack, sending: hello)
        try expectService(of: stack)
        try expectEnd(of: broken, with: 400)
        try expectNoConnections(in: stack)
    }

    @Test func plainRequestsOnThePortOfHTTPS() throws {
        let stack = try SecureStack()
        let curl = try stack.curl()
        #expect(try curl.put("/keys/k", "v").status == 201)
        for _ in 0..<3 {
            let broken = try (0..<50).map { _ in
                let connection = try stack.raw()
                try connection.send("GET /keys/k HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return connection
            }
            for curl in [curl, try stack.curl()] {
                let answer = try curl.get("/keys/k")
                #expect(answer.body == "v")
                #expect(answer.duration < .seconds(1 * slowness))
            }
            try expectEnd(of: broken, with: 400)
        }
    }
}
