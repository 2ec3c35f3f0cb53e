internal import CisternSockets
internal import Glibc

/// A port of 127.0.0.1 that nobody else can take, and at which nobody answers, as long as this exists.
struct LoopbackPort: ~Copyable {
    let number: UInt16
    private let descriptor: CInt

    init() throws(Steps.Fault) {
        guard let any = SocketAddress(numericHost: "127.0.0.1", port: 0),
            let descriptor = try? Listener.bind(any, shared: false)
        else { throw Steps.Fault("127.0.0.1 has no free port") }
        self.descriptor = descriptor
        number = SocketAddress(local: descriptor)?.port ?? 0
    }

    /// Leaves the port to a server that is to listen there.
    consuming func release() -> UInt16 { number }

    deinit { close(descriptor) }
}
