import CisternSockets
import Glibc
import Testing

/// The `openssl` program as a client over TCP.
@Suite struct TLSForeignClientTests {
    /// Serves one connection; returns how our handshake ended and what the client printed.
    private func serve(alpn: String, output name: String) throws -> (handshake: TLSProgress, printed: String) {
        let files = try TestCertificates.shared
        let listener = try LoopbackListener()
        let client = try OpenSSLCommand.start(
            [
                "s_client", "-connect", "127.0.0.1:\(listener.port)", "-servername", "cache.test", "-alpn", alpn,
                "-CAfile", files["ca.pem"], "-verify_return_error",
            ], output: files[name])
        let handshake: TLSProgress
        do {
            let descriptor = try listener.accept()
            defer { close(descriptor) }
            var session = try TLSSession(server: TestContexts.server(), descriptor: descriptor)
            handshake = finish(&session, descriptor)
            session.closeNotify()
        }
        _ = try OpenSSLCommand.wait(client)
        return (handshake, try files.read(name))
    }

    private func finish(_ session: inout TLSSession, _ descriptor: CInt) -> TLSProgress {
        while true {
            let progress = session.handshake()
            if progress.isFinal { return progress }
            var entry = pollfd(
                fd: descriptor, events: Int16(progress == .wantsRead ? POLLIN : POLLOUT), revents: 0)
            if poll(&entry, 1, 10_000) != 1 { return progress }
        }
    }

    @Test(arguments: ["http/1.1", "h2,http/1.1", "http/1.0,http/1.1,h2"])
    func http11IsChosenWhereItIsOffered(offer: String) throws {
        let (handshake, printed) = try serve(alpn: offer, output: "alpn-\(offer.utf8.count).txt")
        #expect(handshake == .done)
        #expect(printed.contains("ALPN protocol: http/1.1\n"))
        #expect(printed.contains("Verify return code: 0 (ok)"))
        #expect(printed.contains("Compression: NONE"))
    }

    @Test func aClientThatOffersOnlyOtherProtocolsIsTold() throws {
        let (handshake, printed) = try serve(alpn: "h2,http/1.", output: "alpn-none.txt")
        #expect(handshake.error?.code == .protocolViolation)
        #expect(printed.contains("alert no application protocol"))
    }
}

/// A listening TCP socket on a free port.
private final class LoopbackListener {
    private let descriptor: CInt
    let port: UInt16

    init() throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let failed = withUnsafeMutableBytes(of: &address) { bytes in
            let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return bind(descriptor, address, size) != 0 || listen(descriptor, 1) != 0
                || getsockname(descriptor, address, &size) != 0
        }
        port = UInt16(bigEndian: address.sin_port)
        if failed { throw OpenSSLCommand.Failure(description: "no listener on loopback: error \(errno)") }
    }

    deinit { close(descriptor) }

    /// The next connection, non-blocking.
    func accept() throws -> CInt {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let accepted = poll(&entry, 1, 10_000) == 1 ? Glibc.accept(descriptor, nil, nil) : -1
        if accepted < 0 { throw OpenSSLCommand.Failure(description: "openssl s_client did not connect") }
        _ = fcntl(accepted, F_SETFL, O_NONBLOCK)
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        return accepted
    }
}
