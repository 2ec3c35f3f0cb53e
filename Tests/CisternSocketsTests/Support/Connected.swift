import CisternBytes
import CisternSockets
import Glibc
import TestSupport

/// What a connection runs over.
enum Transport: CaseIterable, Sendable { case tcp, unix }

extension Transport {
    /// An address to listen on that is nobody else's.
    func address() throws -> SocketAddress {
        let address =
            switch self {
            case .tcp: SocketAddress(numericHost: "127.0.0.1", port: 0)
            case .unix: SocketAddress(unixPath: try makeTemporaryFolder() + "/s")
            }
        guard let address else { throw TestFailure("no address to listen on") }
        return address
    }
}

/// Runs `body` with a server and a connected client, each on a loop of its own; all is closed when this returns.
func withConnection(
    over transport: Transport = .tcp, client: Endpoint.Role = .plain, server: Endpoint.Role = .plain,
    echoes: Bool = false, _ body: (_ client: Endpoint, _ server: Endpoint) async throws -> Void
) async throws {
    try await withLoop { here in
        try await withLoop { there in
            let listening = EchoServer(loop: there, role: server, echoes: echoes)
            let address = try await listening.listen(on: transport.address())
            let endpoint = try Endpoint(connectingTo: address, loop: here, role: client)
            try await endpoint.start()
            do {
                let accepted = try await listening.first()
                try await body(endpoint, accepted)
            } catch {
                await endpoint.close()
                await listening.close()
                throw error
            }
            await endpoint.close()
            await listening.close()
        }
    }
}

/// Bytes of which every part is told from every other, eight at a time.
func pattern(_ count: Int, seed: UInt64 = 1) -> Bytes {
    var random = SplitMix64(seed: seed)
    return Bytes(
        [UInt8](unsafeUninitializedCapacity: count + 8) { memory, initialized in
            let words = UnsafeMutableRawBufferPointer(memory)
            var position = 0
            while position < count {
                words.storeBytes(of: random.next(), toByteOffset: position, as: UInt64.self)
                position += 8
            }
            initialized = count
        })
}
