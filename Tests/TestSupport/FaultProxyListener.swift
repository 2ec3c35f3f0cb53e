import Glibc

/// A port of the loopback that can be shut to new connections without ever being given up: a socket that is bound and
/// does not listen keeps it, and a connection to it is refused.
struct FaultProxyListener: ~Copyable {
    private(set) var descriptor: Int32
    let port: UInt16
    private(set) var isListening = true

    /// Takes over what ``open()`` has returned.
    init(adopting socket: (descriptor: Int32, port: UInt16)) { (descriptor, port) = socket }

    /// A socket that listens on any free port.
    static func open() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = try bound(to: 0)
        var address = SocketCalls.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        _ = listen(descriptor, 512)
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    deinit { Self.end(descriptor) }

    mutating func refuse() {
        guard isListening, let next = try? Self.bound(to: port) else { return }
        Self.end(descriptor)
        descriptor = next
        isListening = false
    }

    mutating func admit() {
        guard !isListening else { return }
        _ = listen(descriptor, 512)
        isListening = true
    }

    /// The next connection; nil when there is none.
    func accept() -> Int32? {
        while true {
            let accepted = Glibc.accept(descriptor, nil, nil)
            if accepted >= 0 {
                _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
                return accepted
            }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    /// A child that is just being started has a copy of the descriptor until its program begins; the shutdown ends the
    /// socket itself.
    private static func end(_ descriptor: Int32) {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    private static func bound(to port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, SocketCalls.stream | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure(call: "socket", error: errno) }
        var yes: Int32 = 1
        // Two sockets hold the port while one takes over from the other.
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &yes, 4)
        guard SocketCalls.withAddress(SocketCalls.loopback(port), { bind(descriptor, $0, $1) }) == 0 else {
            let error = errno
            close(descriptor)
            throw TestFailure(call: "bind", error: error)
        }
        return descriptor
    }
}
