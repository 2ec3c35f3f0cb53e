internal import CLinux
internal import Glibc
internal import TestSupport

/// One of the generator's connections, with at most one request on its way.
struct LoadConnection {
    /// What came of a request so far.
    enum Progress {
        case pending
        case complete(status: Int)
        /// The connection is of no more use.
        case failed
    }

    let descriptor: CInt
    /// When its request was due, in nanoseconds of the monotonic clock; nil while there is none.
    private(set) var due: Int64?
    private var reader = ResponseReader()
    private var unsent: ArraySlice<UInt8> = []

    /// Connects, and has `epoll` report it once for each change, under this number.
    init(port: UInt16, number: Int, epoll: CInt) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure(call: "socket", error: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var yes: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
        let events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        guard result == 0, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0,
            cistern_epoll_control(epoll, EPOLL_CTL_ADD, descriptor, events, UInt64(number)) == 0
        else {
            let error = errno
            Glibc.close(descriptor)
            throw TestFailure(call: "connect to port \(port)", error: error)
        }
    }

    func close() { Glibc.close(descriptor) }

    mutating func send(_ request: [UInt8], due: Int64) -> Progress {
        self.due = due
        unsent = request[...]
        return write()
    }

    /// Goes on, when there is something to read or room to write.
    mutating func proceed(_ buffer: UnsafeMutableRawBufferPointer) -> Progress {
        if !unsent.isEmpty, case .failed = write() { return .failed }
        // The kernel reports each change once: all has to be taken.
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return .pending }
            guard count > 0, due != nil else { return .failed }
            guard let isComplete = try? reader.take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else {
                return .failed
            }
            if isComplete {
                due = nil
                return unsent.isEmpty ? .complete(status: reader.status) : .failed
            }
        }
    }

    private mutating func write() -> Progress {
        while !unsent.isEmpty {
            let count = unsent.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { return errno == EAGAIN ? .pending : .failed }
            unsent = unsent.dropFirst(count)
        }
        return .pending
    }
}
