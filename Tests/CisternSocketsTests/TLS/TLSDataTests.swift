import CisternSockets
import Testing

@Suite struct TLSDataTests {
    @Test(arguments: TLSVersion.allCases)
    func aMebibyteGoesBothWaysAtOnceInWhateverPiecesTheKernelTakes(version: TLSVersion) throws {
        var pair = try TLSPair(client: TestContexts.client(version: version), server: TestContexts.server())
        pair.sockets.shrinkBuffers()
        #expect(pair.shake() == (.done, .done))
        #expect(pair.client.version == (version == .tls13 ? "TLSv1.3" : "TLSv1.2"))
        let question = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let answer = Array(question.reversed())
        var toServer = Transfer(question)
        var toClient = Transfer(answer)
        for _ in 0..<100_000 where !(toServer.isDone && toClient.isDone) {
            toServer.step(from: &pair.client, to: &pair.server)
            toClient.step(from: &pair.server, to: &pair.client)
        }
        #expect(toServer.received == question)
        #expect(toClient.received == answer)
        #expect(toServer.stalls > 0)
        #expect(toClient.stalls > 0)
    }

    @Test func bytesInsideTheSessionAreToldOfWhenTheDescriptorIsSilent() throws {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server())
        #expect(pair.shake() == (.done, .done))
        #expect(pair.server.write("ab") == .bytes(2))
        #expect(pair.server.write("c") == .bytes(1))
        #expect(pair.client.read(1).bytes == Array("a".utf8))
        #expect(!pair.sockets.clientIsReadable)
        #expect(pair.client.hasBufferedInput == true)
        #expect(pair.client.read().bytes == Array("b".utf8))
        #expect(pair.client.hasBufferedInput == true)
        #expect(pair.client.read().bytes == Array("c".utf8))
        #expect(pair.client.hasBufferedInput == false)
        #expect(pair.client.read().result == .wantsRead)
    }

    @Test func aRequestThatComesWithTheEndOfTheHandshakeLiesInsideTheSession() throws {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server())
        #expect(pair.client.handshake() == .wantsRead)
        #expect(pair.server.handshake() == .wantsRead)
        #expect(pair.client.handshake() == .done)
        #expect(pair.client.write("GET") == .bytes(3))
        #expect(pair.server.handshake() == .done)
        #expect(!pair.sockets.serverIsReadable)
        #expect(pair.server.hasBufferedInput == true)
        #expect(pair.server.read().bytes == Array("GET".utf8))
    }

    @Test func closeNotifyIsAnEndAfterAllThatWasSent() throws {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server())
        #expect(pair.shake() == (.done, .done))
        _ = pair.server.write("last words")
        pair.server.closeNotify()
        pair.sockets.closeServer()
        #expect(pair.client.read().bytes == Array("last words".utf8))
        #expect(pair.client.read().result == .end)
        #expect(pair.client.read().result == .end)
    }

    @Test func afterCloseNotifyReadingGoesOn() throws {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server())
        #expect(pair.shake() == (.done, .done))
        pair.client.closeNotify()
        #expect(pair.server.read().result == .end)
        #expect(pair.serverSays("still here") == .bytes(10))
    }

    @Test func anEndWithoutCloseNotifyIsTruncationForGood() throws {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server())
        #expect(pair.shake() == (.done, .done))
        _ = pair.server.write("half of")
        pair.sockets.closeServer()
        #expect(pair.client.read().bytes == Array("half of".utf8))
        #expect(pair.client.read().result.error?.code == .truncated)
        #expect(pair.client.read().result.error?.code == .truncated)
        #expect(pair.client.write("x").error?.code == .truncated)
    }

    /// The process would die of SIGPIPE if anything raised it.
    @Test func writingToAClosedPeerFailsAndRaisesNoSignal() throws {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server())
        #expect(pair.shake() == (.done, .done))
        _ = pair.client.read()
        pair.sockets.closeServer()
        let error = try #require(pair.client.write("PING").error)
        #expect(error.code == .connection)
        #expect(error.message.contains("Broken pipe"))
        pair.client.closeNotify()
    }

    @Test func aRecordThatWasChangedOnItsWayIsAViolation() throws {
        var pair = try TLSPair(client: TestContexts.client(), server: TestContexts.server())
        #expect(pair.shake() == (.done, .done))
        _ = pair.client.read()
        pair.sockets.serverSends([0x17, 3, 3, 0, 20] + Array(repeating: 7, count: 20))
        #expect(pair.client.read().result.error?.code == .protocolViolation)
        // OpenSSL itself would report a peaceful end from here on.
        #expect(pair.client.read().result.error?.code == .protocolViolation)
    }
}

/// One direction of a transfer. Each try writes from another place in memory.
private struct Transfer {
    private let bytes: [UInt8]
    private var sent = 0
    private(set) var received: [UInt8] = []
    /// How often the kernel took nothing.
    private(set) var stalls = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isDone: Bool { received.count >= bytes.count }

    mutating func step(from sender: inout TLSSession, to receiver: inout TLSSession) {
        if sent < bytes.count {
            switch sender.write(Array(bytes[sent..<min(sent + 50_000, bytes.count)])) {
            case .bytes(let count): sent += count
            case .wantsWrite: stalls += 1
            case let other: Issue.record("writing: \(other)")
            }
        }
        let (result, bytes) = receiver.read(5000)
        if let error = result.error { Issue.record("reading: \(error)") }
        received += bytes
    }
}
