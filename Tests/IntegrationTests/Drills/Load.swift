import CisternBytes
import CisternLocks
import TestSupport

/// Clients on threads of their own that go on until they are told to stop.
final class Load: Sendable {
    private struct State {
        var isStopped = false
        var operations: [Operation] = []
        var failures: [String] = []
    }
    private let state = Locked(State())
    private let clients: Int
    private let ready = Semaphore()
    private let ended = Semaphore()

    /// Returns when every client has written its keys.
    init(_ keys: DrillKeys, port: UInt16, seed: Int, begin: ContinuousClock.Instant) {
        clients = keys.clients
        for number in 0..<keys.clients {
            BlockingThreads.shared.run { [self] in
                do {
                    var client = try LoadClient(number, keys: keys, port: port, seed: seed, begin: begin)
                    client.introduce()
                    ready.post()
                    while !state.withLock(\.isStopped) { client.step() }
                    let operations = client.operations
                    state.withLock { $0.operations += operations }
                } catch {
                    state.withLock { $0.failures.append("\(error)") }
                    ready.post()
                }
                ended.post()
            }
        }
        for _ in 0..<clients { ready.wait() }
    }

    /// Ends the clients and returns what they have seen, once.
    func stop() throws -> [Operation] {
        state.withLock { $0.isStopped = true }
        for _ in 0..<clients { ended.wait() }
        let failures = state.withLock(\.failures)
        guard failures.isEmpty else { throw TestFailure("clients that did not start: \(failures)") }
        return state.withLock(\.operations)
    }

    /// For a drill that fails half way.
    func abandon() { state.withLock { $0.isStopped = true } }
}
