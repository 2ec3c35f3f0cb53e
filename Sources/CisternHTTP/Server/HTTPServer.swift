package import CisternSockets
internal import Glibc

/// An HTTP/1.1 server: a listener and connections on each loop of a group.
package final class HTTPServer: Sendable {
    private let options: HTTPServerOptions
    private let group: EventLoopGroup
    private let loops: [HTTPLoop]
    private let open = SharedCount()

    package init(_ options: HTTPServerOptions, group: EventLoopGroup, handler: any HTTPHandler) {
        self.options = options
        self.group = group
        let open = open
        loops = group.loops.map { HTTPLoop(loop: $0, options: options, handler: handler, open: open) }
    }

    /// Binds and starts to accept. The result is where, with the port that the kernel chose if 0 was asked for.
    ///
    /// - Throws: `addressInUse` when somebody else listens there; `resolution` when the host is none of this machine's.
    package func start() async throws(SocketError) -> SocketAddress {
        let wanted = try await resolve()
        // Bound alone first: with SO_REUSEPORT, a second process would get half of the connections and no error.
        let alone = try Listener.bind(wanted, shared: false)
        guard loops.count > 1 else { return try await loops[0].listen(on: alone) }
        let address = SocketAddress(local: alone) ?? wanted
        close(alone)
        for loop in loops {
            _ = try await loop.listen(on: try Listener.bind(address, shared: true))
        }
        return address
    }

    private func resolve() async throws(SocketError) -> SocketAddress {
        let answer = await withUnsafeContinuation { continuation in
            Resolver.resolve(host: options.host, port: options.port) { continuation.resume(returning: $0) }
        }
        let addresses = try answer.get()
        guard let first = addresses.first else {
            throw SocketError(.resolution, "resolving \(options.host): it has no address")
        }
        return first
    }

    /// Stops to accept, lets every request in progress be answered, and returns when all connections have ended. What
    /// has not ended after `timeout` is cut off.
    package func shutDown(within timeout: Duration) async {
        await withTaskGroup(of: Bool.self) { group in
            for loop in loops {
                group.addTask {
                    await loop.drain()
                    return true
                }
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return false
            }
            var left = loops.count
            while left > 0, let isDrained = await group.next() {
                if isDrained {
                    left -= 1
                } else {
                    for loop in loops { await loop.abort() }
                }
            }
            group.cancelAll()
        }
    }

    /// Ends everything at once.
    package func abort() async {
        for loop in loops { await loop.abort() }
    }

    /// What happened so far, summed over the loops. From any thread.
    package var statistics: HTTPStatistics {
        var sum = HTTPStatistics()
        sum.open = open.value
        for loop in loops { sum.add(loop.counters) }
        return sum
    }
}

/// What a server's connections have done since it started.
package struct HTTPStatistics: Sendable {
    package var open = 0
    package var accepted = 0
    package var refused = 0
    package var requests = 0
    package var rejections = 0
    /// Of connections that have ended.
    package var bytesRead = 0
    package var bytesWritten = 0

    mutating func add(_ counters: HTTPCounters) {
        accepted += counters.accepted.value
        refused += counters.refused.value
        requests += counters.requests.value
        rejections += counters.rejections.value
        bytesRead += counters.bytesRead.value
        bytesWritten += counters.bytesWritten.value
    }
}
