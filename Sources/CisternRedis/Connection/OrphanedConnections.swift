internal import CisternBytes
internal import Synchronization

/// Connections that ended on this side while the server owed answers to writes: what lies in their buffers the server may
/// execute yet, after what was sent later on another connection.
///
/// So each connection that stands or is made tells the server to end them before it sends anything else (`CLIENT KILL ID …
/// ADDR …`). After a restart of the server numbers begin again, and an address belongs to one client at a time: together they
/// hit no other client.
final class OrphanedConnections: Sendable {
    struct Orphan: Sendable {
        /// Counts up.
        let number: Int
        /// As the server knows it.
        let clientID: Int64
        let address: String
        let commands: [UnansweredCommand]
    }

    private struct State {
        var orphans: [Orphan] = []
    }

    private let state = Locked(State())
    private let last = Atomic(0)

    /// The number of the newest one there has been: one atomic read tells a connection that it has told the server of all.
    var newest: Int { last.load(ordering: .acquiring) }

    func add(clientID: Int64, address: String, commands: [UnansweredCommand]) {
        state.withLock { state in
            let number = last.load(ordering: .relaxed) + 1
            state.orphans.append(Orphan(number: number, clientID: clientID, address: address, commands: commands))
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
}
