internal import Glibc

/// Where a socket is: an IPv4 or IPv6 address with a port, or the path of a unix socket.
package struct SocketAddress: Sendable, CustomStringConvertible {
    private var storage: sockaddr_storage
    private let length: socklen_t

    /// Copies an address as the kernel or the resolver gives it.
    init?(copying address: UnsafePointer<sockaddr>, length: socklen_t) {
        guard length > 0, Int(length) <= MemoryLayout<sockaddr_storage>.size else { return nil }
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(length)))
        }
        self.storage = storage
        self.length = length
    }

    /// The address of a unix socket; nil when the path is empty or longer than the kernel takes (107 bytes).
    package init?(unixPath path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { target in
            let bytes = Array(path.utf8)
            guard !bytes.isEmpty, bytes.count < target.count, !bytes.contains(0) else { return false }
            target.copyBytes(from: bytes)
            return true
        }
        guard fits else { return nil }
        let result = withUnsafeBytes(of: address) { bytes in
            bytes.baseAddress.flatMap {
                SocketAddress(
                    copying: $0.assumingMemoryBound(to: sockaddr.self), length: socklen_t(bytes.count))
            }
        }
        guard let result else { return nil }
        self = result
    }

    /// An address written in digits, `127.0.0.1` or `::1`; nil for anything else.
    package init?(numericHost host: String, port: UInt16) {
        // To the C library the text would end there.
        guard !host.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, host, &v4) == 1 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr = v4
            self.init(bytesOf: address)
        } else if inet_pton(AF_INET6, host, &v6) == 1 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_addr = v6
            self.init(bytesOf: address)
        } else {
            return nil
        }
    }

    private init?<Address>(bytesOf address: Address) {
        let copy = withUnsafeBytes(of: address) { bytes in
            bytes.baseAddress.flatMap {
                SocketAddress(copying: $0.assumingMemoryBound(to: sockaddr.self), length: socklen_t(bytes.count))
            }
        }
        guard let copy else { return nil }
        self = copy
    }

    var family: CInt { CInt(storage.ss_family) }

    package var isUnix: Bool { family == AF_UNIX }

    /// The port of an IP address; 0 for a unix socket.
    package var port: UInt16 {
        withPointer { pointer, _ in
            switch family {
            case AF_INET:
                pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_port.byteSwapped }
            case AF_INET6:
                pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { $0.pointee.sin6_port.byteSwapped }
            default: 0
            }
        }
    }

    /// Whether the address is reachable from this machine alone (127.0.0.0/8, ::1, unix).
    package var isLoopback: Bool {
        withPointer { pointer, _ in
            switch family {
            case AF_UNIX: true
            case AF_INET:
                pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    $0.pointee.sin_addr.s_addr.bigEndian >> 24 == 127
                }
            case AF_INET6:
                pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    withUnsafeBytes(of: address.pointee.sin6_addr) { bytes in
                        bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
                    }
                }
            default: false
            }
        }
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// `127.0.0.1:6379`, `[::1]:6379` or `unix:/path`.
    package var description: String {
        withPointer { pointer, length in
            if family == AF_UNIX {
                return pointer.withMemoryRebound(to: sockaddr_un.self, capacity: 1) { address in
                    withUnsafeBytes(of: address.pointee.sun_path) {
                        "unix:" + String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                    }
                }
            }
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { host in
                guard let base = host.baseAddress,
                    getnameinfo(pointer, length, base, 64, nil, 0, NI_NUMERICHOST) == 0
                else { return "unknown address" }
                let text = String(cString: base)
                return family == AF_INET6 ? "[\(text)]:\(port)" : "\(text):\(port)"
            }
        }
    }
}
