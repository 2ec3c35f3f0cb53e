internal import CisternBytes
internal import Glibc

/// One request of one blocking socket: all that a health check needs.
enum HealthProbe {
    struct Failure: Error {
        let message: String
    }

    private static let limit = timeval(tv_sec: 2, tv_usec: 0)

    /// The status that a GET is answered with.
    static func status(of target: Health.Target) -> Result<Int, Failure> {
        switch connect(target) {
        case .failure(let failure): return .failure(failure)
        case .success(let socket):
            defer { close(socket) }
            let host = target.host.contains(":") ? "[\(target.host)]" : target.host
            let request = "GET \(target.path) HTTP/1.1\r\nHost: \(host):\(target.port)\r\nConnection: close\r\n\r\n"
            let bytes = Array(request.utf8)
            guard send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else {
                return .failure(Failure(message: "the request could not be sent"))
            }
            return readStatus(socket)
        }
    }

    private static func connect(_ target: Health.Target) -> Result<CInt, Failure> {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(target.host, target.port, &hints, &list)
        guard code == 0 else { return .failure(Failure(message: String(cString: gai_strerror(code)))) }
        defer { freeaddrinfo(list) }
        var reason = "no address"
        var next = list
        while let info = next {
            let descriptor = socket(info.pointee.ai_family, info.pointee.ai_socktype, 0)
            // For connecting, the send timeout is the limit (socket(7)).
            for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
                var limit = limit
                setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
            }
            if Glibc.connect(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0 {
                return .success(descriptor)
            }
            reason = String(cString: strerror(errno))
            close(descriptor)
            next = info.pointee.ai_next
        }
        return .failure(Failure(message: reason))
    }

    /// Reads as far as `HTTP/1.1 200 `.
    private static func readStatus(_ socket: CInt) -> Result<Int, Failure> {
        let needed = "HTTP/1.1 200 ".utf8.count
        var answer: [UInt8] = []
        while answer.count < needed {
            var part = [UInt8](repeating: 0, count: 256)
            let count = recv(socket, &part, part.count, 0)
            guard count > 0 else { return .failure(Failure(message: "no answer within two seconds")) }
            answer += part[..<count]
        }
        guard answer.starts(with: "HTTP/1.".utf8), let status = ASCII.decimal(answer.span.extracting(9..<12)) else {
            return .failure(Failure(message: "the answer is not HTTP"))
        }
        return .success(status)
    }
}
