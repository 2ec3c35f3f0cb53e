import CLinux
import CisternBytes
import CisternSockets
import Glibc
import TestSupport
import Testing

@Suite(.blocking, .timeLimit(.minutes(20)))
struct ListenerTests {
    /// An `accept` that fails in the given ways first, and how often it is called.
    private final class Failing {
        var errors: [CInt]
        let calls: Count
        init(_ errors: [CInt], _ calls: Count) {
            self.errors = errors
            self.calls = calls
        }

        func accept(_ descriptor: CInt, _ flags: CInt) -> CInt {
            calls.add()
            guard !errors.isEmpty else { return accept4(descriptor, nil, nil, flags) }
            errno = errors.removeFirst()
            return -1
        }
    }

    @Test(arguments: [
        [EMFILE], [ENFILE], [ENOMEM], [ENOBUFS], [ECONNABORTED], [EINTR], [EPROTO], [EPERM], [EINVAL],
        [EMFILE, ECONNABORTED, EINTR, EPROTO, ENFILE, EMFILE],
    ])
    func whateverAcceptSaysTheNextConnectionIsAccepted(_ errors: [CInt]) async throws {
        try await withLoop { loop in
            let server = EchoServer(loop: loop)
            let calls = Count()
            let address = try await server.listen { [errors] in
                // Made per listener, on its loop.
                let failing = Failing(errors, calls)
                return failing.accept
            }
            let peer = try RawConnection(port: address.port)
            #expect(await comesTrue { await server.accepted == 1 })
            try peer.send("still here")
            #expect(try peer.read(10) == "still here")
            // The failures, the connection, and that there is no other.
            #expect(calls.value >= errors.count + 1)
            await server.close()
        }
    }

    @Test(arguments: [EMFILE, EINVAL])
    func anAcceptThatGoesOnFailingDoesNotKeepTheLoopBusy(_ error: CInt) async throws {
        try await withLoop { loop in
            let server = EchoServer(loop: loop)
            let calls = Count()
            let start = MonotonicTime.now
            let address = try await server.listen { Failing(Array(repeating: error, count: 100_000), calls).accept }
            let peer = try RawConnection(port: address.port)
            #expect(await comesTrue { calls.value > 0 })
            try await loop.turns(500)
            // Once, and again after each pause of 100 ms.
            #expect(calls.value <= 2 + Int(MonotonicTime.now.since(start) / .milliseconds(100)))
            await server.close()
            #expect(peer.isClosedByPeer())
        }
    }

    @Test func moreConnectionsThanOneTurnTakesAreAllAccepted() async throws {
        try await withLoop { loop in
            let server = EchoServer(loop: loop)
            let address = try await server.listen()
            var peers: [RawConnection] = []
            // Not while the loop is held up: all wait at once.
            let (isHeld, goesOn) = (Semaphore(), Semaphore())
            loop.submit {
                isHeld.post()
                goesOn.wait()
            }
            isHeld.wait()
            for _ in 0..<300 { peers.append(try RawConnection(port: address.port)) }
            goesOn.post()
            #expect(await comesTrue { await server.accepted == 300 })
            await server.close()
            withExtendedLifetime(peers) {}
        }
    }

    @Test func twoLoopsShareAPortAndBothAccept() async throws {
        try await withLoop { first in
            try await withLoop { second in
                let servers = [EchoServer(loop: first), EchoServer(loop: second)]
                let address = try await servers[0].listen(shared: true)
                #expect(try await servers[1].listen(on: address, shared: true).port == address.port)
                var peers: [RawConnection] = []
                for _ in 0..<100 { peers.append(try RawConnection(port: address.port)) }
                // The kernel spreads them by their addresses: that all hundred fall to one has no chance.
                #expect(
                    await comesTrue {
                        let (a, b) = (await servers[0].accepted, await servers[1].accepted)
                        return a + b == 100 && a > 0 && b > 0
                    })
                for server in servers { await server.close() }
                withExtendedLifetime(peers) {}
            }
        }
    }

    @Test(arguments: [true, false])
    func aPortOnWhichSomebodyElseListensIsInUse(_ shared: Bool) async throws {
        try await withLoop { loop in
            let server = EchoServer(loop: loop)
            let address = try await server.listen()
            let error = try #require(throws: SocketError.self) { _ = try Listener.bind(address, shared: shared) }
            #expect(error.code == .addressInUse)
            #expect(error.message.contains(address.description))
            await server.close()
            // And free again when it is closed.
            close(try Listener.bind(address, shared: shared))
        }
    }

    @Test func anAddressOfAnotherMachineCannotBeListenedOn() throws {
        // Reserved for documentation (RFC 5737).
        let address = try #require(SocketAddress(numericHost: "192.0.2.1", port: 0))
        let error = try #require(throws: SocketError.self) { _ = try Listener.bind(address, shared: false) }
        #expect(error.code == .unreachable)
    }

    @Test func whatCannotBeWatchedIsClosed() async throws {
        try await withLoop { loop in
            let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))
            let descriptor = try Listener.bind(address, shared: false)
            let identity = ProcessFacts.identity(descriptor)
            try await loop.perform {
                let first = try loop.register(descriptor, for: .read, Silent())
                #expect(throws: SocketError.self) {
                    _ = try Listener(descriptor: descriptor, loop: loop, accepted: { _ in })
                }
                #expect(ProcessFacts.identity(descriptor) != identity)
                loop.deregister(first)
            }
        }
    }

    private final class Silent: EventSource {
        func ready(_ events: PollEvents) {}
    }

    @Test func aListenerThatIsClosedWhileItAcceptsAcceptsNoMore() async throws {
        try await withLoop { loop in
            let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))
            let descriptor = try Listener.bind(address, shared: false)
            let identity = ProcessFacts.identity(descriptor)
            let accepted = Log<CInt>()
            let port = try await loop.perform {
                var listener: Listener?
                listener = try Listener(descriptor: descriptor, loop: loop) { connection in
                    accepted.add(connection)
                    close(connection)
                    listener?.close()
                    listener?.close()
                    listener = nil
                }
                return listener?.address.port ?? 0
            }
            _ = try RawConnection(port: port)
            #expect(await comesTrue { ProcessFacts.identity(descriptor) != identity })
            #expect(accepted.entries.count == 1)
            #expect(throws: TestFailure.self) { _ = try RawConnection(port: port) }
        }
    }
}
