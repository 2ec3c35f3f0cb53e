internal import Glibc

/// Why a socket, a name or a TLS session failed.
package struct SocketError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure. Not frozen: look for the kinds you handle and treat the rest alike.
    package enum Code: Sendable, Equatable {
        /// Nobody listens there (ECONNREFUSED, or a unix socket path that does not exist).
        case refused
        /// The peer reset or closed the connection.
        case reset
        /// The peer ended its side in good order.
        case closed
        /// The host cannot be reached.
        case unreachable
        /// A deadline passed.
        case timedOut
        /// The name does not resolve.
        case resolution
        /// The TLS handshake or session failed.
        case tls
        /// The address is taken by another process.
        case addressInUse
        /// Anything else the kernel said.
        case system
    }

    package let code: Code
    /// What was being done and what went wrong, without secrets.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The failure of a system call.
    package init(errno code: CInt, _ doing: String) {
        let kind: Code =
            switch code {
            case ECONNREFUSED, ENOENT: .refused
            case ECONNRESET, EPIPE, ECONNABORTED: .reset
            case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EADDRNOTAVAIL: .unreachable
            case ETIMEDOUT: .timedOut
            case EADDRINUSE: .addressInUse
            default: .system
            }
        self.init(kind, "\(doing): \(Self.text(code))")
    }

    package var description: String { message }

    private static func text(_ code: CInt) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress else { return "error \(code)" }
            base.initialize(to: 0)
            // The XSI variant fills the buffer, the GNU one may return a constant; both are thread-safe.
            return strerror_r(code, base, 256) == 0 ? String(cString: base) : "error \(code)"
        }
    }
}
