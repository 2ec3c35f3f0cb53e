import CisternBytes
import CisternHTTP
import CisternSockets
import TestSupport
import Testing

/// A server on loops of its own, with a handler that does what tests need.
final class TestServer: Sendable {
    let handler = TestHandler()
    let counters: HTTPServerCounters
    let port: UInt16
    private let options: HTTPServerOptions
    private let server: HTTPServer
    private let group: EventLoopGroup

    init(loops: Int, _ options: HTTPServerOptions) async throws {
        self.options = options
        group = try EventLoopGroup(count: loops)
        counters = HTTPServerCounters(loops: loops)
        let handler = handler
        server = HTTPServer(options, group: group, counters: counters) { handler }
        port = try await server.start().port
    }

    var statistics: HTTPStatistics { counters.statistics }

    func connect(limit: Duration = .seconds(10)) throws -> RawConnection {
        try RawConnection(port: port, limit: limit)
    }

    /// Returns when every loop has seen what was sent before.
    func settle() throws {
        for _ in counters.loops {
            let connection = try connect()
            try connection.send("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(try connection.readResponse().body == "hello")
            connection.close()
        }
    }

    /// Has another handler take the place of the one that is there.
    func apply(_ handler: TestHandler) async { await server.apply(options) { handler } }

    func shutDown(within limit: Duration) async { await server.shutDown(within: limit) }

    func end() async {
        handler.gate.open()
        await server.shutDown(within: .zero)
        await group.stop()
    }
}

/// Runs `body` with a server that has ended when this returns, with nothing left open.
func withServer(
    loops: Int = 1, _ change: (inout HTTPServerOptions) -> Void = { _ in },
    _ body: (TestServer) async throws -> Void
) async throws {
    var options = HTTPServerOptions()
    options.port = 0
    change(&options)
    let server = try await TestServer(loops: loops, options)
    do {
        try await body(server)
    } catch {
        await server.end()
        throw error
    }
    await server.end()
    #expect(server.statistics.open == 0)
}

/// Whether `condition` comes true within ten seconds.
func comes(_ condition: () -> Bool) -> Bool { eventually(condition) }
