internal import CLinux
internal import Glibc

/// A socket's descriptor and the options set on it. Non-blocking and close-on-exec from its first moment.
enum Socket {
    static func open(_ family: CInt) throws(SocketError) -> CInt {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw SocketError(errno: errno, "opening a socket") }
        return descriptor
    }

    static func set(_ descriptor: CInt, _ level: CInt, _ option: CInt, _ value: CInt = 1) {
        // An option that this kernel or this kind of socket does not have costs speed, not correctness.
        var value = value
        _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Small writes leave at once: what belongs together is put together by the end-of-turn flush.
    static func setNoDelay(_ descriptor: CInt) {
        set(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY)
    }

    /// The error that a connection attempt or a failed connection left behind; 0 when there is none.
    static func pendingError(_ descriptor: CInt) -> CInt {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &value, &length) == 0 ? value : errno
    }

    static func localAddress(_ descriptor: CInt) -> SocketAddress? {
        address { getsockname(descriptor, $0, $1) }
    }

    static func peerAddress(_ descriptor: CInt) -> SocketAddress? {
        address { getpeername(descriptor, $0, $1) }
    }

    private static func address(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, &length) == 0 ? SocketAddress(copying: $0, length: length) : nil
            }
        }
    }
}

extension SocketAddress {
    /// The address that a socket is bound to.
    package init?(local descriptor: CInt) {
        guard let address = Socket.localAddress(descriptor) else { return nil }
        self = address
    }
}
