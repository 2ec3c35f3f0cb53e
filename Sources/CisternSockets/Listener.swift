internal import CLinux
internal import CisternBytes
internal import Glibc

/// Accepts connections on one address for one loop.
///
/// Nothing that `accept` says ends it: when the process has no descriptors left it pauses and goes on.
package final class Listener: EventSource {
    /// Connections accepted per wake-up, before the others of the loop have their turn.
    private static let acceptsPerTurn = 64
    private static let pauseAfterFailure: Duration = .milliseconds(100)

    /// `accept4` without the peer's address; another one lets a test fail as the kernel does.
    package typealias Accept = (_ descriptor: CInt, _ flags: CInt) -> CInt

    /// Where it listens, with the port that the kernel chose if 0 was asked for.
    package let address: SocketAddress

    private let loop: EventLoop
    private let descriptor: CInt
    private let accepted: (CInt) -> Void
    private let accept: Accept
    private var registration: EventLoop.Registration?
    private var pauseTimer: TimerID?

    /// Binds a socket. `shared`: other loops listen on the same address (SO_REUSEPORT).
    ///
    /// - Throws: `addressInUse` when somebody else listens there.
    package static func bind(_ address: SocketAddress, shared: Bool) throws(SocketError) -> CInt {
        let descriptor = try Socket.open(address.family)
        Socket.set(descriptor, SOL_SOCKET, SO_REUSEADDR)
        if shared { Socket.set(descriptor, SOL_SOCKET, SO_REUSEPORT) }
        if address.family == AF_INET6 { Socket.set(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        let result = address.withPointer { Glibc.bind(descriptor, $0, $1) }
        guard result == 0 else {
            let error = SocketError(errno: errno, "listening on \(address)")
            Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Starts to listen on a bound socket, on the loop's thread. Each new connection's descriptor is `accepted`'s.
    package init(
        descriptor: CInt, loop: EventLoop, accept: @escaping Accept = { accept4($0, nil, nil, $1) },
        accepted: @escaping (CInt) -> Void
    ) throws(SocketError) {
        guard let address = Socket.localAddress(descriptor), listen(descriptor, 4096) == 0 else {
            let error = SocketError(errno: errno, "listening")
            Glibc.close(descriptor)
            throw error
        }
        self.address = address
        self.loop = loop
        self.descriptor = descriptor
        self.accept = accept
        self.accepted = accepted
        do {
            registration = try loop.register(descriptor, for: .read, self)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    package func ready(_ events: PollEvents) {
        for _ in 0..<Self.acceptsPerTurn {
            let flags = CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
            switch syscall({ Int(accept(descriptor, flags)) }) {
            case .value(let connection):
                accepted(CInt(connection))
                if registration == nil { return }
            case .wouldBlock: return
            case .failed(let code):
                switch code {
                // That connection was gone before it was accepted (accept(2) lists these); the next may be well.
                case ECONNABORTED, EPROTO, EPERM, ETIMEDOUT, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENONET,
                    ENOPROTOOPT, EOPNOTSUPP:
                    continue
                // No descriptor or no memory is left, or it is something that trying again at once does not mend.
                default: return pause()
                }
            }
        }
    }

    private func pause() {
        guard let registration else { return }
        loop.change(registration, to: [])
        pauseTimer = loop.schedule(at: loop.now + Self.pauseAfterFailure) { [weak self] in
            guard let self, let registration = self.registration else { return }
            pauseTimer = nil
            loop.change(registration, to: .read)
        }
    }

    /// Stops to listen. Connections that were accepted go on. Doing it twice is fine.
    package func close() {
        guard let registration else { return }
        if let pauseTimer { loop.cancel(pauseTimer) }
        self.registration = nil
        loop.deregister(registration)
        Glibc.close(descriptor)
    }
}
