internal import CisternBytes
internal import CisternLocks
internal import Logging
internal import Synchronization

/// Connections that ended on this side while the server owed answers to writes: what lies in their buffers the server may
/// execute yet, after what was sent later on another connection.
///
/// So each connection that stands or is made tells the server to end them before it sends anything else (`CLIENT KILL ID …
/// ADDR …`). After a restart of the server numbers begin again, and an address belongs to one client at a time: together they
/// hit no other client.
///
/// Where the server does not say who we are, or does not let us end a connection, it is left to answer two PINGs, one after
/// the other: in these turns of its own loop it has read what lay in the orphan's buffer, or nearly so.
final class OrphanedConnections: Sendable {
    struct Orphan: Sendable {
        /// Counts up.
        let number: Int
        /// As the server knows it; nil where it did not say.
        let name: ClientName?
        let commands: [UnansweredCommand]
    }

    /// How the server knows a connection.
    struct ClientName: Sendable {
        let id: Int64
        let address: String
    }

    private struct State {
        var orphans: [Orphan] = []
        var isClosed = false
    }

    private let state = Locked(State())
    private let last = Atomic(0)
    private let hasWarned = Atomic(false)
    private let logger: Logger?

    init(logger: Logger? = nil) { self.logger = logger }

    /// The number of the newest one there has been: one atomic read tells a connection that it has told the server of all.
    var newest: Int { last.load(ordering: .acquiring) }

    func add(_ name: ClientName?, commands: [UnansweredCommand]) {
        if name == nil { warn() }
        state.withLock { state in
            guard !state.isClosed else { return }
            let number = last.load(ordering: .relaxed) + 1
            state.orphans.append(Orphan(number: number, name: name, commands: commands))
            last.store(number, ordering: .releasing)
        }
    }

    /// Those that came after `number` and have not been ended yet.
    func after(_ number: Int) -> [Orphan] {
        state.withLock { $0.orphans.filter { $0.number > number } }
    }

    /// The server has ended it, or does not know it any more.
    func confirm(_ number: Int) {
        let commands: [UnansweredCommand] = state.withLock { state in
            guard let index = state.orphans.firstIndex(where: { $0.number == number }) else { return [] }
            return state.orphans.remove(at: index).commands
        }
        for command in commands { command.end(.dead) }
    }

    /// The client ends: nobody will be told any more.
    func close() {
        let orphans = state.withLock { state in
            state.isClosed = true
            defer { state.orphans = [] }
            return state.orphans
        }
        _ = consume orphans
    }

    /// Tells an operator, once, that the order of writes around an outage is not certain.
    func warn() {
        guard !hasWarned.exchange(true, ordering: .relaxed) else { return }
        logger?.warning(
            "Redis does not let this user end its own connections (CLIENT INFO, CLIENT KILL): a write that was in the air when one was lost could be executed late"
        )
    }
}
