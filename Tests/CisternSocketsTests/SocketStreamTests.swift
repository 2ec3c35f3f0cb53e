import CisternBytes
import CisternSockets
import Glibc
import TestSupport
import Testing

@Suite(.blocking, .timeLimit(.minutes(20)))
struct SocketStreamTests {
    @Test(arguments: Transport.allCases)
    func whatIsSentComesBack(over transport: Transport) async throws {
        try await withConnection(over: transport, echoes: true) { client, _ in
            for size in [1, 2, 4096, 16 * 1024, 16 * 1024 + 1, 100_000] {
                let before = await client.received.count
                let bytes = pattern(size, seed: UInt64(size))
                await client.send(bytes)
                #expect(await client.received(before + size).dropFirst(before).elementsEqual(bytes))
            }
            #expect(await client.bytesWritten == client.bytesRead)
        }
    }

    @Test(arguments: Transport.allCases)
    func eightMebibytesGoBothWaysAtOnceAndUnchanged(over transport: Transport) async throws {
        try await withConnection(over: transport) { client, server in
            let size = 8 << 20
            let there = pattern(size, seed: 1)
            let back = pattern(size, seed: 2)
            await client.send(there)
            // In many small pieces, which are copied, with a few large ones, which are referred to.
            await sendInPieces(back, from: server)
            #expect(await server.receives(there))
            #expect(await client.receives(back))
            #expect(await client.backlog == 0)
            #expect(await !client.isWriteBlocked)
        }
    }

    private func sendInPieces(_ bytes: Bytes, from endpoint: Endpoint) async {
        var start = 0
        var size = 1
        while start < bytes.count {
            let end = min(start + size, bytes.count)
            await endpoint.send(Bytes(copying: bytes.span.extracting(start..<end)))
            start = end
            size = size * 3 % 50_021 + 1
        }
    }

    @Test(arguments: Transport.allCases)
    func aPeerThatDoesNotReadIsNotSentMoreThanTheKernelHolds(over transport: Transport) async throws {
        try await withConnection(over: transport) { client, server in
            let bytes = pattern(16 << 20)
            await server.setReading(false)
            await client.send(bytes)
            #expect(await client.wait { $0.isWriteBlocked })
            // It stays so: nothing is read, nothing more is written, and the loop does not call for nothing.
            try await client.loop.turns(50)
            let calls = await client.calls
            try await client.loop.turns(200)
            #expect(await client.calls == calls)
            #expect(await client.isWriteBlocked)
            #expect(await client.backlog > 0)
            #expect(await server.received.isEmpty)
            await server.setReading(true)
            #expect(await server.receives(bytes))
            #expect(await client.wait { !$0.isWriteBlocked && $0.backlog == 0 })
        }
    }

    @Test func whoHasEndedHisSideStillHears() async throws {
        try await withConnection { client, server in
            await client.send("question")
            _ = await server.received(8)
            await client.shutDownWriting()
            #expect(await server.wait { $0.state == .ended })
            await server.send("answer")
            #expect(await client.receives("answer"))
            await server.close()
            #expect(await client.wait { $0.state == .ended })
        }
    }

    @Test func aResetWhileReadingIsAFailure() async throws {
        try await withLoop { loop in
            let server = EchoServer(loop: loop, echoes: false)
            let address = try await server.listen()
            let peer = try RawConnection(port: address.port)
            try peer.send("half of")
            let accepted = try await server.first()
            _ = await accepted.received(7)
            peer.reset()
            #expect(await accepted.wait { $0.state == .failed(.reset) })
            await server.close()
        }
    }

    @Test func aResetIsHeardOfEvenWhenNothingIsRead() async throws {
        try await withLoop { loop in
            let server = EchoServer(loop: loop, echoes: false)
            let address = try await server.listen()
            let peer = try RawConnection(port: address.port)
            let accepted = try await server.first()
            await accepted.setReading(false)
            peer.reset()
            #expect(await accepted.wait { $0.state == .failed(.reset) })
            await server.close()
        }
    }

    @Test func writingToAPeerThatIsGoneIsAFailureAndNoSignal() async throws {
        try await withLoop { loop in
            let server = EchoServer(loop: loop, echoes: false)
            let address = try await server.listen()
            let peer = try RawConnection(port: address.port)
            let accepted = try await server.first()
            peer.close()
            #expect(await accepted.wait { $0.state == .ended })
            // The first is answered by a reset, which the second runs into.
            await accepted.send("x")
            #expect(
                await comesTrue {
                    await accepted.send("x")
                    return await accepted.state == .failed(.reset)
                })
            await server.close()
        }
    }

    @Test func twiceClosedIsFineAndAClosedStreamDoesNothing() async throws {
        try await withConnection { client, _ in
            await client.send("never sent")
            await client.close()
            await client.close()
            #expect(await client.backlog == 0)
            #expect(await client.flushNow() == .done)
            #expect(await client.state == .closed)
        }
    }

    @Test func closingGivesTheMemoryOfUnparsedInputBackToTheLoop() async throws {
        try await withLoop { loop in
            let pair = SocketPair()
            pair.serverSends(Array("GET / HT".utf8))
            let descriptor = dup(pair.client)
            let identity = ProcessFacts.identity(pair.client)
            try await loop.perform {
                var stream = SocketStream(accepted: descriptor, loop: loop)
                let read = stream.read()
                #expect(read == .bytes(8))
                stream.close()
                let (left, after) = (stream.input.count, stream.read())
                #expect(left == 0)
                #expect(after == .end)
            }
            #expect(ProcessFacts.identity(descriptor) != identity)
        }
    }

    @Test func whatIsReadIntoAnArrayIsAddedToItAndNoMoreThanAskedFor() async throws {
        try await withLoop { loop in
            let pair = SocketPair()
            pair.serverSends(Array("abcdefgh".utf8))
            let (descriptor, peer) = (dup(pair.client), pair.server)
            try await loop.perform {
                var stream = SocketStream(accepted: descriptor, loop: loop)
                var array = Array("before ".utf8)
                let first = (stream.read(into: &array, atMost: 3), stream.mayHaveMore)
                #expect(first == (.bytes(3), true))
                #expect(array == Array("before abc".utf8))
                let second = (stream.read(into: &array, atMost: 100), stream.mayHaveMore)
                #expect(second == (.bytes(5), false))
                #expect(array == Array("before abcdefgh".utf8))
                let third = stream.read(into: &array, atMost: 100)
                #expect(third == .wouldBlock)
                shutdown(peer, CInt(SHUT_WR))
                let fourth = stream.read(into: &array, atMost: 100)
                #expect(fourth == .end)
                let (count, read) = (array.count, stream.bytesRead)
                #expect(count == 15 && read == 8)
                stream.close()
                let fifth = stream.read(into: &array, atMost: 100)
                #expect(fifth == .end)
            }
            withExtendedLifetime(pair) {}
        }
    }

    @Test func aStreamThatIsDroppedClosesItsSocket() async throws {
        try await withLoop { loop in
            let pair = SocketPair()
            let descriptor = dup(pair.client)
            let identity = ProcessFacts.identity(pair.client)
            try await loop.perform { _ = SocketStream(accepted: descriptor, loop: loop) }
            #expect(ProcessFacts.identity(descriptor) != identity)
        }
    }

    @Test func tenThousandConnectionsLeaveNothing() async throws {
        let before = ProcessFacts.descriptors
        try await withLoop { loop in
            let server = EchoServer(loop: loop)
            let address = try await server.listen()
            try await connectOverAndOver(10_000, address, server, loop)
            await server.close()
        }
        #expect(await comesTrue { ProcessFacts.descriptors < before + 200 })
        #expect(await comesTrue { Endpoint.living < 100 })
    }

    private func connectOverAndOver(
        _ count: Int, _ address: SocketAddress, _ server: EchoServer, _ loop: EventLoop
    ) async throws {
        try await Task(executorPreference: loop) {
            for number in 0..<count {
                let client = try Endpoint(connectingTo: address, loop: loop)
                try await client.start()
                if number.isMultiple(of: 10) {
                    await client.send("ping")
                    #expect(await client.received(4).count == 4)
                }
                await client.close()
                if number.isMultiple(of: 100) { await server.sweep() }
            }
        }.value
    }
}
