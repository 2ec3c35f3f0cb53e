internal import CisternSockets
internal import Glibc

/// A blocking connection for one request, with TLS or without. Every call ends within the limit.
struct HealthConnection: ~Copyable {
    private static let limit = timeval(tv_sec: 2, tv_usec: 0)

    private let socket: CInt
    private var tls: TLSSession?

    private init(socket: CInt, tls: consuming TLSSession?) {
        self.socket = socket
        self.tls = tls
    }

    /// Connects, and shakes hands where the target speaks TLS.
    static func open(_ target: Health.Target) throws(HealthProbe.Failure) -> HealthConnection {
        var connection = HealthConnection(socket: try connect(target), tls: nil)
        if target.isTLS { try connection.secure(target) }
        return connection
    }

    private mutating func secure(_ target: Health.Target) throws(HealthProbe.Failure) {
        do throws(TLSError) {
            // Nobody is verified: see the help of `cistern health`.
            let context = try TLSContext.client(TLSClientOptions(verify: false))
            tls = try TLSSession(
                client: context, descriptor: socket, serverName: target.host, resumptionKey: target.authority)
        } catch {
            throw HealthProbe.Failure(message: error.description)
        }
        switch tls?.handshake() {
        case .failed(let error): throw HealthProbe.Failure(message: error.description)
        // The socket's own limit has passed.
        case .wantsRead, .wantsWrite: throw .noAnswer
        case .done, nil: break
        }
    }

    deinit { close(socket) }

    /// Sends all of it.
    mutating func send(_ bytes: [UInt8]) throws(HealthProbe.Failure) {
        let count =
            if tls == nil {
                Glibc.send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL))
            } else {
                bytes.withUnsafeBytes { Self.count(tls?.write($0)) }
            }
        guard count == bytes.count else { throw HealthProbe.Failure(message: "the request could not be sent") }
    }

    /// Reads what has come, at least one byte.
    mutating func read() throws(HealthProbe.Failure) -> [UInt8] {
        var part = [UInt8](repeating: 0, count: 256)
        let count =
            if tls == nil {
                recv(socket, &part, part.count, 0)
            } else {
                part.withUnsafeMutableBytes { Self.count(tls?.read(into: $0)) }
            }
        guard count > 0 else { throw .noAnswer }
        return Array(part[..<count])
    }

    private static func count(_ result: TLSIOResult?) -> Int {
        if case .bytes(let count) = result { count } else { 0 }
    }

    private static func connect(_ target: Health.Target) throws(HealthProbe.Failure) -> CInt {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(target.host, target.port, &hints, &list)
        guard code == 0 else { throw HealthProbe.Failure(message: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var reason = "no address"
        var next = list
        while let info = next {
            let descriptor = Glibc.socket(info.pointee.ai_family, info.pointee.ai_socktype, 0)
            // For connecting, the send timeout is the limit (socket(7)).
            for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
                var limit = limit
                setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
            }
            if Glibc.connect(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0 { return descriptor }
            reason = String(cString: strerror(errno))
            close(descriptor)
            next = info.pointee.ai_next
        }
        throw HealthProbe.Failure(message: reason)
    }
}
