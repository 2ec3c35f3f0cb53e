import CisternBytes
import CisternSockets
import Glibc
import TestSupport
import Testing

@Suite(.blocking, .timeLimit(.minutes(20)))
struct ConnectingTests {
    /// How a connection attempt ends.
    private func outcome(_ address: SocketAddress) async throws -> Endpoint.State {
        try await withLoop { loop in
            let endpoint: Endpoint
            do {
                endpoint = try Endpoint(connectingTo: address, loop: loop)
            } catch {
                guard let error = error as? SocketError else { throw error }
                return .failed(error.code)
            }
            try await endpoint.start()
            _ = await endpoint.wait { $0.state != .connecting }
            let state = await endpoint.state
            await endpoint.close()
            return state
        }
    }

    private func path(_ name: String) throws -> SocketAddress {
        try #require(SocketAddress(unixPath: try makeTemporaryFolder() + "/" + name))
    }

    @Test func aPortOnWhichNobodyListensIsRefused() async throws {
        let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: try freePort()))
        #expect(try await outcome(address) == .failed(.refused))
    }

    @Test func aUnixSocketThatDoesNotExistIsRefused() async throws {
        #expect(try await outcome(path("nobody")) == .failed(.refused))
    }

    @Test func aUnixSocketThatNobodyServesAnyMoreIsRefused() async throws {
        let address = try path("stale")
        close(try Listener.bind(address, shared: false))
        #expect(try await outcome(address) == .failed(.refused))
    }

    @Test func aUnixSocketWithAFullBacklogIsRefused() async throws {
        let address = try path("full")
        let descriptor = try Listener.bind(address, shared: false)
        listen(descriptor, 0)
        try await withLoop { loop in
            let first = try Endpoint(connectingTo: address, loop: loop)
            let error = try #require(throws: SocketError.self) { _ = try Endpoint(connectingTo: address, loop: loop) }
            #expect(error.code == .refused)
            await first.close()
        }
        close(descriptor)
    }

    @Test func anAddressWithoutAWayIsUnreachable() async throws {
        // No packet is sent: the kernel does not connect to a group of hosts.
        let address = try #require(SocketAddress(numericHost: "ff02::1:2", port: 9))
        #expect(try await outcome(address) == .failed(.unreachable))
    }

    @Test func aFlushWithNothingToWriteDoesNotEndTheWaitForTheConnection() async throws {
        try await withLoop { loop in
            let server = EchoServer(loop: loop)
            let address = try await server.listen()
            let client = try Endpoint(connectingTo: address, loop: loop)
            #expect(await client.flushNow() == .blocked)
            try await client.start()
            #expect(await client.wait { $0.state == .open })
            await client.close()
            await server.close()
        }
    }

    @Test func whatIsQueuedWhileConnectingIsSentOnceConnected() async throws {
        try await withLoop { loop in
            let server = EchoServer(loop: loop)
            let client = try Endpoint(connectingTo: try await server.listen(), loop: loop)
            await client.send("early")
            try await client.start()
            #expect(await client.receives("early"))
            await client.close()
            await server.close()
        }
    }
}
