internal import CisternLocks
internal import Glibc
internal import CisternBytes

/// Finds the addresses of a name without holding up anyone: `getaddrinfo` blocks, so it runs on a thread of its own.
///
/// Attempts for one name share the lookup that is in progress, so a name server that does not answer costs one thread
/// and not one per attempt.
package enum Resolver {
    package typealias Answer = Result<[SocketAddress], SocketError>
    /// A question to the system that may take its time; another one lets a test see how often it is asked.
    package typealias LookUp = @Sendable (_ host: String, _ port: UInt16) -> Answer
    private typealias Waiter = @Sendable (Answer) -> Void

    private struct Question: Hashable, Sendable {
        let host: String
        let port: UInt16
    }

    private static let waiting = Locked<[Question: [Waiter]]>([:])

    /// Calls `answer`, on any thread, with every address of `host` in the order to try them (RFC 6724), or the failure.
    ///
    /// An address written in digits and a unix socket's path (`/…`) are answered at once.
    package static func resolve(
        host: String, port: UInt16, lookUp: @escaping LookUp = { Resolver.lookUp($0, $1) },
        _ answer: @escaping @Sendable (Answer) -> Void
    ) {
        // To the C library the text would end there, and another name would be looked up.
        guard !host.utf8.contains(0) else {
            return answer(.failure(SocketError(.resolution, "the host name contains a NUL byte")))
        }
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        if bare.hasPrefix("/") {
            let address = SocketAddress(unixPath: bare)
            return answer(
                address.map { .success([$0]) }
                    ?? .failure(SocketError(.resolution, "the unix socket's path is longer than 107 bytes")))
        }
        if let address = SocketAddress(numericHost: bare, port: port) { return answer(.success([address])) }

        let question = Question(host: bare, port: port)
        let isFirst = waiting.withLock { waiting in
            waiting[question, default: []].append(answer)
            return waiting[question]?.count == 1
        }
        if isFirst { startLookup(question, lookUp) }
    }

    private static func startLookup(_ question: Question, _ lookUp: @escaping LookUp) {
        let result = DetachedThread.start(named: "cistern-resolve") {
            finish(question, lookUp(question.host, question.port))
        }
        if result != 0 {
            finish(question, .failure(SocketError(errno: result, "starting a thread to resolve \(question.host)")))
        }
    }

    private static func finish(_ question: Question, _ answer: Answer) {
        let waiters = waiting.withLock { $0.removeValue(forKey: question) ?? [] }
        for waiter in waiters { waiter(answer) }
    }

    private static func lookUp(_ host: String, _ port: UInt16) -> Answer {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        var status = getaddrinfo(host, String(port), &hints, &list)
        if status != 0, status != EAI_SYSTEM {
            // A machine that has nothing but a loopback interface gets no answer with AI_ADDRCONFIG.
            hints.ai_flags = 0
            status = getaddrinfo(host, String(port), &hints, &list)
        }
        defer { if let list { freeaddrinfo(list) } }
        guard status == 0 else {
            return .failure(
                SocketError(.resolution, "resolving \(host): \(String(cString: gai_strerror(status)))"))
        }
        var addresses: [SocketAddress] = []
        var next = list
        while let info = next {
            if let address = info.pointee.ai_addr,
                let copy = SocketAddress(copying: address, length: info.pointee.ai_addrlen)
            {
                addresses.append(copy)
            }
            next = info.pointee.ai_next
        }
        return addresses.isEmpty
            ? .failure(SocketError(.resolution, "resolving \(host): it has no address")) : .success(addresses)
    }
}
