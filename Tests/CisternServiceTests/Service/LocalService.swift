import CisternService
import CisternSockets
import Logging
import TestSupport
import Testing

/// The whole service on its embedded cache, in this process.
struct LocalService {
    let server: CisternServer
    let port: UInt16

    init(_ environment: [String: String]) async throws {
        var environment = environment
        environment["CISTERN_BACKEND"] = "local"
        environment["CISTERN_HTTP_PORT"] = "0"
        environment["CISTERN_HTTP_THREADS"] = "1"
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        server = try CisternServer(try ServiceConfig.load(environment: environment), version: "1.2.3", logger: logger)
        port = try await server.start().port
    }

    func connect() throws -> RawConnection { try RawConnection(port: port) }
}

/// Runs `body` with a service that has ended when this returns.
func withService(
    _ environment: [String: String] = [:], _ body: (LocalService) async throws -> Void
) async throws {
    var environment = environment
    environment["CISTERN_HTTP_SHUTDOWN_TIMEOUT", default: "1s"] += ""
    let service = try await LocalService(environment)
    do {
        try await body(service)
    } catch {
        await service.server.shutDown()
        throw error
    }
    await service.server.shutDown()
}
