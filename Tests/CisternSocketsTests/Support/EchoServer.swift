import CisternBytes
import CisternSockets
import Glibc

/// Listens on a loop. What it accepts, it echoes, or only keeps.
actor EchoServer {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let role: Endpoint.Role
    private let echoes: Bool
    private var listener: Listener?
    private(set) var endpoints: [Endpoint] = []
    private(set) var accepted = 0

    init(loop: EventLoop, role: Endpoint.Role = .plain, echoes: Bool = true) {
        self.loop = loop
        self.role = role
        self.echoes = echoes
    }

    /// Starts to listen; the result is where.
    func listen(
        on address: SocketAddress? = SocketAddress(numericHost: "127.0.0.1", port: 0), shared: Bool = false,
        accept: (@Sendable () -> Listener.Accept)? = nil
    ) throws -> SocketAddress {
        guard let address else { throw SocketError(.system, "not an address") }
        let descriptor = try Listener.bind(address, shared: shared)
        let take: (CInt) -> Void = { [unowned self] connection in assumeIsolated { $0.take(connection) } }
        let listener =
            if let accept {
                try Listener(descriptor: descriptor, loop: loop, accept: accept(), accepted: take)
            } else {
                try Listener(descriptor: descriptor, loop: loop, accepted: take)
            }
        self.listener = listener
        return listener.address
    }

    private func take(_ connection: CInt) {
        accepted += 1
        let endpoint = Endpoint(accepted: connection, loop: loop, role: role, echoes: echoes)
        endpoints.append(endpoint)
        // The endpoint lives on the loop that this runs on.
        endpoint.assumeIsolated { try? $0.start() }
    }

    /// Waits for the first connection.
    func first() async throws -> Endpoint {
        while endpoints.isEmpty { await loop.sleep(until: .now + .milliseconds(1)) }
        return endpoints[0]
    }

    /// Closes what the peers have left.
    func sweep() async {
        for endpoint in endpoints where await endpoint.state != .open { await endpoint.close() }
        var kept: [Endpoint] = []
        for endpoint in endpoints where await endpoint.state == .open { kept.append(endpoint) }
        endpoints = kept
    }

    func closeListener() {
        listener?.close()
        listener = nil
    }

    func close() async {
        closeListener()
        for endpoint in endpoints { await endpoint.close() }
        endpoints = []
    }
}
