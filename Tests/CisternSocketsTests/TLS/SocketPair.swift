import Glibc

/// Two connected, non-blocking sockets, open until closed here.
final class SocketPair {
    private(set) var client: CInt
    private(set) var server: CInt

    init() {
        var descriptors: [CInt] = [-1, -1]
        // A program that another test starts must not keep a socket open that is closed here.
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let result = socketpair(AF_UNIX, kind, 0, &descriptors)
        precondition(result == 0, "no socket pair: error \(errno)")
        client = descriptors[0]
        server = descriptors[1]
    }

    deinit {
        closeClient()
        closeServer()
    }

    func closeClient() { Self.close(&client) }
    func closeServer() { Self.close(&server) }

    /// Sends as the server would, without TLS.
    func serverSends(_ bytes: [UInt8]) { precondition(send(server, bytes, bytes.count, 0) == bytes.count) }
    func clientSends(_ bytes: [UInt8]) { precondition(send(client, bytes, bytes.count, 0) == bytes.count) }

    /// Takes what the client sent, without a look at it.
    func serverDiscards() {
        var bytes = [UInt8](repeating: 0, count: 65536)
        while recv(server, &bytes, bytes.count, 0) > 0 {}
    }

    // Whether epoll, level-triggered, would say that there is something to read.
    var clientIsReadable: Bool { Self.isReadable(client) }
    var serverIsReadable: Bool { Self.isReadable(server) }

    private static func isReadable(_ descriptor: CInt) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 1
    }

    /// Makes the kernel take little at a time.
    func shrinkBuffers() {
        var size: CInt = 4096
        for descriptor in [client, server] {
            setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<CInt>.size))
        }
    }

    private static func close(_ descriptor: inout CInt) {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}
