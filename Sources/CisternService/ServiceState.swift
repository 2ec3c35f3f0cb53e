internal import CisternBytes
internal import CisternHTTP
internal import CisternSockets
internal import Glibc
internal import Synchronization

/// What outlasts the configuration of a service: where keys live, what has been counted, and whether its end has begun.
/// Every ``CacheService`` of a process has the same.
final class ServiceState: Sendable {
    let backend: Backend
    let version: String
    let started = MonotonicTime.now
    /// What is counted of answers, by loop.
    let metrics: [ServiceMetrics]
    /// What the server counts of connections.
    let http: HTTPServerCounters
    /// Standard output, for the access log.
    let output = BackgroundWriter(descriptor: STDOUT_FILENO)
    private let draining = Atomic(false)

    init(backend: Backend, http: HTTPServerCounters, version: String) {
        self.backend = backend
        self.version = version
        self.http = http
        metrics = http.loops.map { _ in ServiceMetrics() }
    }

    /// From now on it is not ready: new requests should go elsewhere.
    func beginDraining() { draining.store(true, ordering: .relaxed) }

    var isDraining: Bool { draining.load(ordering: .relaxed) }
}
