import CisternBytes
import CisternSockets
import Glibc
import TestSupport
import Testing

@Suite(.blocking, .timeLimit(.minutes(20)))
struct TLSStreamTests {
    private func withTLS(
        _ version: TLSVersion = .tls13, echoes: Bool = false, _ body: (Endpoint, Endpoint) async throws -> Void
    ) async throws {
        try await withConnection(
            client: .tlsClient(try TestContexts.client(version: version)),
            server: .tlsServer(try TestContexts.server(version: version)), echoes: echoes, body)
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func aMebibyteComesBackThroughTLS(_ version: TLSVersion) async throws {
        try await withTLS(version, echoes: true) { client, _ in
            let bytes = pattern(1 << 20)
            #expect(await client.wait { $0.state == .open })
            await client.send("a small piece first")
            await client.send(bytes)
            #expect(await client.receives(Bytes(Array("a small piece first".utf8) + Array(bytes))))
        }
    }

    @Test func theServerMaySendFirstAndBothAtOnce() async throws {
        try await withTLS { client, server in
            #expect(await server.wait { $0.state == .open })
            let there = pattern(4 << 20, seed: 1)
            let back = pattern(4 << 20, seed: 2)
            await server.send(back)
            await client.send(there)
            #expect(await client.receives(back))
            #expect(await server.receives(there))
        }
    }

    @Test func aPeerThatDoesNotReadStopsTheWriterThroughTLS() async throws {
        try await withTLS { client, server in
            #expect(await server.wait { $0.state == .open })
            await server.setReading(false)
            let bytes = pattern(16 << 20)
            await client.send(bytes)
            #expect(await client.wait { $0.isWriteBlocked })
            await server.setReading(true)
            #expect(await server.receives(bytes))
        }
    }

    @Test func theEndOfTheSessionIsTheEndOfTheInput() async throws {
        try await withTLS { client, server in
            #expect(await server.wait { $0.state == .open })
            await client.shutDownWriting()
            #expect(await server.wait { $0.state == .ended })
            await server.send("answer")
            #expect(await client.receives("answer"))
        }
    }

    @Test func aPeerThatSpeaksNoTLSFailsTheHandshake() async throws {
        let server = try TestContexts.server()
        try await withConnection(server: .tlsServer(server)) { client, server in
            await client.send("GET / HTTP/1.1\r\n\r\n")
            #expect(await server.wait { $0.state == .failed(.tls) })
        }
    }

    @Test func aPeerThatClosesWithinTheHandshakeFailsIt() async throws {
        let server = try TestContexts.server()
        try await withConnection(server: .tlsServer(server)) { client, server in
            await client.close()
            #expect(await server.wait { $0.state == .failed(.tls) })
        }
    }

    @Test func aCertificateOfAStrangerFailsTheClient() async throws {
        let client = try TestContexts.client(ca: "other-ca.pem")
        let server = try TestContexts.server()
        try await withConnection(client: .tlsClient(client), server: .tlsServer(server)) { client, server in
            #expect(await client.wait { $0.state == .failed(.tls) })
            #expect(await server.wait { $0.state == .failed(.tls) || $0.state == .failed(.reset) })
        }
    }

    @Test func outputThatWaitsForThePeersHandshakeDoesNotKeepTheLoopBusy() async throws {
        let context = try TestContexts.server()
        try await withConnection(server: .tlsServer(context)) { client, server in
            await server.send("too early")
            try await server.loop.turns(5)
            #expect(await server.flushNow() == .blocked)
            #expect(await server.isWriteBlocked)
            let calls = await server.calls
            try await server.loop.turns(100)
            #expect(await server.calls == calls)
        }
    }

    @Test func outputThatWaitedForThePeersHandshakeIsSentAfterIt() async throws {
        let (clientContext, serverContext) = (try TestContexts.client(), try TestContexts.server())
        try await withLoop { loop in
            let pair = SocketPair()
            let server = Endpoint(accepted: dup(pair.server), loop: loop, role: .tlsServerInPassing(serverContext))
            await server.send("greeting")
            try await server.start()
            try await loop.turns(3)
            #expect(await server.isWriteBlocked)
            let client = Endpoint(accepted: dup(pair.client), loop: loop, role: .tlsClient(clientContext))
            try await client.start()
            #expect(await client.receives("greeting"))
            await client.close()
            await server.close()
            withExtendedLifetime(pair) {}
        }
    }

    @Test func aRequestThatCameAlongWithTheEndOfTheHandshakeIsAnnounced() async throws {
        let serverContext = try TestContexts.server()
        let clientContext = try TestContexts.client()
        try await withLoop { loop in
            let pair = SocketPair()
            let (clientSocket, serverSocket) = (pair.client, dup(pair.server))
            try await loop.perform {
                var client = try TLSSession(
                    client: clientContext, descriptor: clientSocket, serverName: "cache.test", resumptionKey: "k")
                var server = SocketStream(accepted: serverSocket, loop: loop)
                let error = server.acceptTLS(serverContext)
                #expect(error == nil)
                let hello = client.handshake()
                let answer = server.handshake()
                let finished = client.handshake()
                #expect(hello == .wantsRead && answer == .blocked && finished == .done)
                let written = client.write("GET")
                let end = server.handshake()
                #expect(written == .bytes(3) && end == .done)
                var left: UInt8 = 0
                #expect(recv(serverSocket, &left, 1, CInt(MSG_PEEK)) < 0, "TLS has read ahead, or this shows nothing")
                let (isAnnounced, read) = (server.mayHaveMore, server.read())
                #expect(isAnnounced)
                #expect(read == .bytes(3))
                server.input.consume(3)

                // Into an array it is read as well: what a record holds beyond the room waits in the session.
                var array = Array("before ".utf8)
                let more = client.write("ABCDEFGH")
                #expect(more == .bytes(8))
                let first = (server.read(into: &array, atMost: 3), server.mayHaveMore)
                #expect(first == (.bytes(3), true))
                let second = (server.read(into: &array, atMost: 100), server.mayHaveMore)
                #expect(second == (.bytes(5), false))
                #expect(array == Array("before ABCDEFGH".utf8))
                let third = server.read(into: &array, atMost: 100)
                #expect(third == .wouldBlock)

                // A part of a record is nothing to be read.
                _ = client.write("end")
                var record = [UInt8](repeating: 0, count: 1000)
                let size = recv(serverSocket, &record, record.count, 0)
                #expect(size > 10)
                #expect(send(clientSocket, record, 3, 0) == 3)
                let part = (server.read(), server.mayHaveMore)
                #expect(part == (.wouldBlock, false))
                #expect(
                    Array(record[3..<size]).withUnsafeBytes { send(clientSocket, $0.baseAddress, $0.count, 0) } == size
                        - 3)
                let whole = (server.read(), server.mayHaveMore)
                #expect(whole == (.bytes(3), false))
                server.close()
            }
            withExtendedLifetime(pair) {}
        }
    }
}
