package import CisternSockets
internal import Glibc

/// An HTTP/1.1 server: a listener and connections on each loop of a group.
package final class HTTPServer: Sendable {
    private let options: HTTPServerOptions
    private let loops: [HTTPLoop]
    private let ending = SharedEnding()

    /// - Parameters:
    ///   - counters: Where it counts, made for as many loops as the group has.
    ///   - handler: Makes the application of each loop: loops that share one also share its reference count.
    package init(
        _ options: HTTPServerOptions, group: EventLoopGroup, counters: HTTPServerCounters,
        handler: () -> any HTTPHandler
    ) {
        self.options = options
        let ending = ending
        let refusing = SharedCount()
        loops = group.loops.map { loop in
            HTTPLoop(
                loop: loop, options: options, handler: handler(), counters: counters.loops[loop.index],
                open: counters.open, refusing: refusing, ending: ending)
        }
    }

    /// Takes other options, of which host and port have no effect, and another application, loop by loop. Requests that
    /// begin after this returns are under them.
    package func apply(_ options: HTTPServerOptions, handler: () -> any HTTPHandler) async {
        for loop in loops { await loop.apply(options, handler()) }
    }

    /// Binds and starts to accept. The result is where, with the port that the kernel chose if 0 was asked for.
    ///
    /// - Throws: `addressInUse` when somebody else listens there; `resolution` when the host is none of this machine's.
    package func start() async throws(SocketError) -> SocketAddress {
        let wanted = try await resolve()
        // To two processes that ask for any port the kernel may give the same one, as long as neither listens.
        var attempts = options.port == 0 ? Self.attemptsForAnyPort : 1
        while true {
            do throws(SocketError) {
                return try await listen(wanted)
            } catch {
                for loop in loops { await loop.stopListening() }
                attempts -= 1
                guard error.code == .addressInUse, attempts > 0 else { throw error }
            }
        }
    }

    private static let attemptsForAnyPort = 16

    private func listen(_ wanted: SocketAddress) async throws(SocketError) -> SocketAddress {
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

    /// Has every response from now on end its connection, so that clients go elsewhere with their next request.
    package func announceEnd() { ending.announce() }

    /// Stops to accept, lets every request in progress be answered, and returns when all connections have ended. What
    /// has not ended after `timeout` is cut off.
    package func shutDown(within timeout: Duration) async {
        // No loop ends a connection before every loop says `Connection: close`: a client that sees one end can count on it.
        ending.begin()
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
}
