import CisternBytes
import Glibc
import TestSupport
import Testing

@Suite("The fault proxy", .blocking) struct FaultProxyTests {
    private let redis: RedisServerProcess
    private let proxy: FaultProxy

    init() throws {
        redis = try RedisServerProcess()
        proxy = try FaultProxy(to: redis.port)
    }

    private func connect(limit: Duration = .seconds(10)) throws -> RawConnection {
        try RawConnection(port: proxy.port, limit: limit)
    }

    private func set(_ key: String, _ value: Bytes) -> Bytes {
        Bytes("*3\r\n$3\r\nSET\r\n$\(key.utf8.count)\r\n\(key)\r\n$\(value.count)\r\n").appending(value)
            .appending("\r\n")
    }

    @Test func everythingPasses() throws {
        let connection = try connect()
        var generator = SplitMix64(seed: 3)
        let value = Bytes(generator.bytes(3 << 20))
        try connection.send(set("k", value))
        #expect(try connection.readLine() == "+OK\r\n")
        try connection.send("GET k\r\n")
        #expect(try connection.readLine() == "$\(3 << 20)\r\n".bytes)
        #expect(try connection.read(3 << 20) == value)
        #expect(proxy.statistics == .init(accepted: 1, open: 1, faults: 0))
    }

    @Test func anEndPassesInBothDirections() throws {
        let ended = try connect()
        try ended.send("PING\r\nQUIT\r\n")
        #expect(try ended.readToEnd() == "+PONG\r\n+OK\r\n")
        let halfEnded = try connect()
        try halfEnded.send("PING\r\n")
        #expect(try halfEnded.readLine() == "+PONG\r\n")
        halfEnded.shutdownWrite()
        #expect(try halfEnded.readToEnd().isEmpty)
        let killed = try connect()
        try killed.send("PING\r\n")
        #expect(try killed.readLine() == "+PONG\r\n")
        redis.kill9()
        #expect(killed.isClosedByPeer())
        #expect(try connect().isClosedByPeer())
        try redis.restart()
        let again = try connect()
        try again.send("PING\r\n")
        #expect(try again.readLine() == "+PONG\r\n")
        // A client that is gone takes its connection to the server with it.
        again.close()
        #expect(try eventually { try redis.clients().isEmpty })
        #expect(eventually { proxy.statistics.open <= 3 })
    }

    @Test func refusedMeansThatNobodyListens() throws {
        let connection = try connect()
        try connection.send("PING\r\n")
        #expect(try connection.readLine() == "+PONG\r\n")
        proxy.set(.refuse)
        #expect(throws: RawConnection.Ending.reset("")) { try connection.readToEnd() }
        for _ in 0..<3 { #expect(throws: TestFailure.self) { try connect() } }
        #expect(throws: TestFailure.self, "the port is kept") { try FaultServer(port: proxy.port) { _ in [] } }
        proxy.set(.pass)
        let again = try connect()
        try again.send("PING\r\n")
        #expect(try again.readLine() == "+PONG\r\n")
    }

    @Test func silenceHoldsEverythingUntilItEnds() throws {
        let old = try connect()
        try old.send("PING\r\n")
        #expect(try old.readLine() == "+PONG\r\n")
        proxy.set(.silence)
        let new = try connect()
        try old.send(set("old", "1"))
        try new.send(set("new", "2"))
        #expect(old.staysSilent(for: .milliseconds(50)) && new.staysSilent(for: .milliseconds(50)))
        #expect(eventually { proxy.heldRequests == ["SET old 1", "SET new 2"] })
        #expect(eventually { proxy.statistics.faults == 2 })
        #expect(try redis.cli("EXISTS", "old", "new") == .integer(0))
        // Even one that has gone is heard to the end.
        new.close()
        proxy.set(.pass)
        #expect(try old.readLine() == "+OK\r\n")
        #expect(try eventually { try redis.cli("EXISTS", "old", "new") == .integer(2) })
    }

    @Test func connectionsCanBeStrandedWhileNewOnesPass() throws {
        let old = try connect()
        try old.send("PING\r\n")
        #expect(try old.readLine() == "+PONG\r\n")
        proxy.set(.strandExisting)
        try old.send(set("k", "old"))
        #expect(eventually { proxy.heldRequests == ["SET k old"] })
        let new = try connect()
        try new.send(set("k", "new"))
        #expect(try new.readLine() == "+OK\r\n")
        #expect(try redis.cli("GET", "k") == .bytes("new"))
        #expect(proxy.heldRequests == ["SET k old"])
        old.close()
        proxy.set(.pass)
        #expect(try eventually { try redis.cli("GET", "k") == .bytes("old") })
    }

    @Test func aDelayIsPaidInEachDirection() throws {
        let connection = try connect()
        func roundTrip() throws -> Duration {
            let begin = ContinuousClock.now
            try connection.send("PING\r\n")
            #expect(try connection.readLine() == "+PONG\r\n")
            return .now - begin
        }
        #expect(try roundTrip() < .milliseconds(200 * slowness))
        proxy.set(.delay(.milliseconds(100)))
        #expect(try roundTrip() >= .milliseconds(200))
        // Later, not fewer at a time.
        let begin = ContinuousClock.now
        try connection.send(Bytes(String(repeating: "PING\r\n", count: 100)))
        for _ in 0..<100 { #expect(try connection.readLine() == "+PONG\r\n") }
        #expect(.now - begin < .seconds(5 * slowness))
        proxy.set(.pass)
        #expect(try roundTrip() < .milliseconds(200 * slowness))
    }

    @Test func aThrottleLetsSoManyBytesThrough() throws {
        try redis.cli("SET", "k", Bytes([UInt8](repeating: 1, count: 10_000)))
        let connection = try connect()
        // Time that passes without a throttle saves nothing up.
        #expect(connection.staysSilent(for: .milliseconds(500)))
        proxy.set(.throttle(bytesPerSecond: 20_000))
        let begin = ContinuousClock.now
        try connection.send("GET k\r\n")
        _ = try connection.read(10_000)
        let time = ContinuousClock.now - begin
        #expect((.milliseconds(400)...(.seconds(2 * slowness))).contains(time), "\(time)")
        proxy.set(.pass)
        try connection.send("PING\r\n")
        _ = try connection.readLine()
        #expect(try connection.readLine() == "+PONG\r\n")
    }

    @Test(arguments: [0, 3]) func aResetComesAfterSoManyBytes(count: Int) throws {
        let (connection, other) = (try connect(), try connect())
        try connection.send("PING\r\n")
        #expect(try connection.readLine() == "+PONG\r\n")
        proxy.set(.resetAfter(replyBytes: count))
        try connection.send(set("k", "v"))
        let ending = #expect(throws: RawConnection.Ending.self) { try connection.readToEnd() }
        // A reset may overtake the bytes before it.
        #expect(ending == .reset("") || (count == 3 && ending == .reset("+OK")))
        #expect(try redis.cli("GET", "k") == .bytes("v"))
        #expect(eventually { proxy.statistics == .init(accepted: 2, open: 1, faults: 1) })
        proxy.set(.pass)
        try other.send("PING\r\n")
        #expect(try other.readLine() == "+PONG\r\n")
    }

    @Test func aFrameIsCutAndItsRestHeld() throws {
        let connection = try connect(limit: .milliseconds(100 * slowness))
        proxy.set(.cut(.hold))
        try connection.send("PING\r\n")
        #expect(throws: RawConnection.Ending.timedOut("+PO")) { try connection.read(4) }
        try connection.send(set("k", "v"))
        #expect(throws: RawConnection.Ending.timedOut("+PO")) { try connection.read(4) }
        #expect(try redis.cli("GET", "k") == .bytes("v"), "requests go on")
        #expect(eventually { proxy.statistics.faults == 1 })
        proxy.set(.pass)
        #expect(try connection.readLine() == "+PONG\r\n")
        #expect(try connection.readLine() == "+OK\r\n")
    }

    @Test func aFrameIsCutAndTheConnectionEnds() throws {
        let connection = try connect()
        proxy.set(.cut(.close))
        try connection.send("PING\r\n")
        #expect(try connection.readToEnd() == "+PO")
        #expect(eventually { proxy.statistics == .init(accepted: 1, open: 0, faults: 1) })
        #expect(try eventually { try redis.clients().isEmpty })
    }

    @Test func noHalfIsAWholeReply() throws {
        let connection = try connect(limit: .milliseconds(100 * slowness))
        // Two replies of five bytes in one piece: half of it would be the first.
        proxy.set(.cut(.hold))
        try connection.send("*1\r\n$5\r\nMULTI\r\n*1\r\n$7\r\nDISCARD\r\n")
        #expect(throws: RawConnection.Ending.timedOut("+OK\r")) { try connection.read(5) }
    }

    @Test func swallowedRepliesNeverCome() throws {
        let connection = try connect()
        proxy.set(.swallowReplies)
        try connection.send(set("k", "v"))
        #expect(try eventually { try redis.cli("GET", "k") == .bytes("v") })
        #expect(connection.staysSilent(for: .milliseconds(50)))
        #expect(eventually { proxy.statistics.faults == 1 })
        let unharmed = try connect()
        proxy.set(.pass)
        #expect(throws: RawConnection.Ending.reset("")) { try connection.readToEnd() }
        try unharmed.send("PING\r\n")
        #expect(try unharmed.readLine() == "+PONG\r\n")
    }

    @Test func cutConnectionsMayComeBackAtOnce() throws {
        let connections = try (0..<20).map { _ in try connect() }
        for connection in connections { try connection.send("PING\r\n") }
        for connection in connections { #expect(try connection.readLine() == "+PONG\r\n") }
        proxy.cutConnections()
        for connection in connections { #expect(connection.isClosedByPeer()) }
        let again = try connect()
        try again.send("PING\r\n")
        #expect(try again.readLine() == "+PONG\r\n")
        #expect(eventually { proxy.statistics == .init(accepted: 21, open: 1, faults: 0) })
    }

    @Test func nothingIsLeftOfOneThatHasEnded() throws {
        let held = try connect()
        try held.send("PING\r\n")
        #expect(try held.readLine() == "+PONG\r\n")
        #expect(sockets(of: [proxy.port, redis.port]) == 4)
        for mode in [FaultProxy.Mode.silence, .refuse, .pass] { proxy.set(mode) }
        proxy.stop()
        proxy.stop()
        held.close()
        #expect(sockets(of: [proxy.port, redis.port]) == 0)
        #expect(throws: TestFailure.self) { try connect() }
        // No order waits for one that will not obey it.
        proxy.set(.silence)
    }

    /// How many descriptors of this process are sockets with one of these ports on either end.
    private func sockets(of ports: [UInt16]) -> Int {
        let names = (try? namesInFolder("/proc/self/fd")) ?? []
        return names.compactMap { Int32($0) }.count { descriptor in
            [getsockname, getpeername].contains { ask in
                var address = sockaddr_in()
                var length = socklen_t(MemoryLayout<sockaddr_in>.size)
                let result = withUnsafeMutablePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask(descriptor, $0, &length) }
                }
                return result == 0 && address.sin_family == AF_INET
                    && ports.contains(UInt16(bigEndian: address.sin_port))
            }
        }
    }
}

extension String {
    fileprivate var bytes: Bytes { Bytes(self) }
}
