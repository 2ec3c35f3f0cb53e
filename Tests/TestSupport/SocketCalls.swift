import Glibc

/// The few socket calls that both ends of the tests need.
enum SocketCalls {
    static let stream = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

    static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    static func unix(_ path: String) throws -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        try withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard bytes.count < room.count else { throw TestFailure("socket path too long: \(path)") }
            room.copyBytes(from: bytes)
        }
        return address
    }

    static func withAddress<Address, Result>(
        _ address: Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }

    /// A socket that listens on the loopback, on `port` or on any free one, and its port.
    static func listen(port: UInt16 = 0) throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, stream, 0)
        guard descriptor >= 0 else { throw TestFailure(call: "socket", error: errno) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        var address = loopback(port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withAddress(address) { bind(descriptor, $0, $1) } == 0
        guard isBound, Glibc.listen(descriptor, 128) == 0 else {
            let error = errno
            close(descriptor)
            throw TestFailure(call: "listen", error: error)
        }
        withUnsafeMutablePointer(to: &address) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    static func sendAll(_ bytes: ArraySlice<UInt8>, on descriptor: Int32, deadline: Deadline) throws {
        var rest = bytes
        while !rest.isEmpty {
            guard deadline.wait(for: POLLOUT, on: descriptor) else {
                throw TestFailure("the peer took \(bytes.count - rest.count) of \(bytes.count) bytes, then no more")
            }
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, flags) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else { throw TestFailure(call: "send", error: errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// Closes with a reset instead of an orderly end.
    static func reset(_ descriptor: Int32) {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close(descriptor)
    }
}

/// A port of the loopback that was free a moment ago.
package func freePort() throws -> UInt16 {
    let (descriptor, port) = try SocketCalls.listen()
    close(descriptor)
    return port
}
