import CisternSockets
import Glibc
import TestSupport

/// Ends TLS for one connection to a Redis that has none, and sends every byte of its replies in a record of its own, all records
/// together: what no server does, and every one may.
final class RecordShredder: Sendable {
    let port: UInt16
    private let listener: CInt

    init(to redis: UInt16) throws {
        let files = try TLSFixtures.shared
        let context = try TLSContext.server(certificateFile: files.server.certificate, keyFile: files.server.key)
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        port = try freePort()
        guard Self.withLoopback(port, { [listener] in bind(listener, $0, $1) }) == 0, listen(listener, 1) == 0 else {
            throw TestFailure(call: "listen", error: errno)
        }
        Task { [listener] in
            try await blocking {
                let client = accept(listener, nil, nil)
                let server = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
                defer {
                    close(client)
                    close(server)
                }
                guard client >= 0, Self.withLoopback(redis, { connect(server, $0, $1) }) == 0 else { return }
                try Self.carry(client, server, context)
            }
        }
    }

    deinit {
        shutdown(listener, CInt(SHUT_RDWR))
        close(listener)
    }

    private static func withLoopback(_ port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Until one of them ends.
    private static func carry(_ client: CInt, _ server: CInt, _ context: TLSContext) throws {
        _ = fcntl(client, F_SETFL, O_NONBLOCK)
        var session = try TLSSession(server: context, descriptor: client)
        handshake: while true {
            switch session.handshake() {
            case .done: break handshake
            case .wantsRead: wait([client], CInt(POLLIN))
            case .wantsWrite: wait([client], CInt(POLLOUT))
            case .failed: return
            }
        }
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            if !session.hasBufferedInput { wait([client, server], CInt(POLLIN)) }
            switch buffer.withUnsafeMutableBytes({ session.read(into: $0) }) {
            case .bytes(let count): guard send(server, buffer, count, CInt(MSG_NOSIGNAL)) == count else { return }
            case .wantsRead, .wantsWrite: break
            case .end, .failed: return
            }
            let count = recv(server, &buffer, buffer.count, CInt(MSG_DONTWAIT))
            if count == 0 || count < 0 && errno != EAGAIN { return }
            setCork(1, client)
            for index in 0..<max(0, count) {
                while true {
                    let result = buffer[index...index].withUnsafeBytes { session.write($0) }
                    if result == .bytes(1) { break }
                    guard result == .wantsWrite else { return }
                    wait([client], CInt(POLLOUT))
                }
            }
            setCork(0, client)
        }
    }

    private static func wait(_ descriptors: [CInt], _ events: CInt) {
        var entries = descriptors.map { pollfd(fd: $0, events: Int16(events), revents: 0) }
        poll(&entries, nfds_t(entries.count), -1)
    }

    private static func setCork(_ value: CInt, _ descriptor: CInt) {
        var value = value
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<CInt>.size))
    }
}
