import CisternBytes
import CisternStore
import TestSupport
import Testing

/// The replay, driven through random interleavings of everything that can happen to a key.
@Suite struct ReplayModelTests {
    /// For each of the two tests.
    private static let runs = 50_000 / slowness

    private let store = FallbackStore(
        .init(
            maxEntries: 1 << 20, maxBytes: 1 << 30, ttl: .seconds(300), maxPending: 1 << 20, maxPendingBytes: 1 << 30,
            largestEntry: 1 << 20), now: { 1_000_000 })

    @Test func withoutAnotherClientTheLastAcknowledgedWriteIsWhatRedisHolds() {
        check(hasOtherClient: false)
    }

    @Test func anotherClientsValueIsNeverOverwrittenUnseen() {
        check(hasOtherClient: true)
    }

    private func check(hasOtherClient: Bool) {
        for seed in 0..<UInt64(Self.runs) {
            var world = run(seed, hasOtherClient, tellsStory: false)
            guard !world.faults.isEmpty else { continue }
            world = run(seed, hasOtherClient, tellsStory: true)
            Issue.record("seed \(seed): \(world.faults)\n\(world.story.joined(separator: "\n"))")
            return
        }
    }

    private func run(_ seed: UInt64, _ hasOtherClient: Bool, tellsStory: Bool) -> ReplayWorld {
        let key = Bytes("\(hasOtherClient) \(tellsStory) \(seed)")
        var world = ReplayWorld(store, key: key, seed: seed, hasOtherClient: hasOtherClient)
        world.tellsStory = tellsStory
        let before = store.statistics
        world.live(events: 24)
        world.comeToRest()
        let after = store.statistics
        let conflicts = after.conflicts - before.conflicts
        let ended = after.replayed - before.replayed + conflicts + after.superseded - before.superseded
        if ended != world.kept {
            world.faults.append("\(world.kept) were kept, and of \(ended) it is known what they came to")
        }
        world.readAlone()
        if store.statistics.pendingBytes != 0 {
            world.faults.append("\(store.statistics.pendingBytes) bytes stay counted")
        }
        guard !hasOtherClient else { return world }
        if conflicts > 0 { world.faults.append("a conflict, and there is no other client") }
        if world.held.value != world.acknowledgedValue, world.held.index < world.acknowledged {
            world.faults.append("Redis holds \(world.held.index), and \(world.acknowledged) was acknowledged")
        }
        return world
    }
}

extension ReplayWorld {
    /// Lets things happen.
    mutating func live(events: Int) {
        for _ in 0..<events {
            switch random.next() % 12 {
            case 0, 1, 2: if !isBusy { beginWrite() }
            case 3: if reads < 3 { beginRead() }
            case 4, 5, 6: executeSomething()
            case 7, 8: deliverSomething()
            case 9: beginReplay()
            case 10: timeOutSomething()
            default:
                if chance(1, in: 3) {
                    close(Int(random.next() % UInt64(connections.count)))
                } else if chance(1, in: 6) {
                    restart()
                } else if hasOtherClient {
                    interfere()
                }
            }
        }
    }

    private mutating func executeSomething() {
        let able = connections.indices.filter { !connections[$0].isDead && !connections[$0].commands.isEmpty }
        if let index = able.randomElement(using: &random) { execute(index) }
    }

    private mutating func deliverSomething() {
        let able = connections.indices.filter { !connections[$0].isClosed && !connections[$0].replies.isEmpty }
        guard let index = able.randomElement(using: &random) else { return }
        let (reply, caller) = connections[index].replies.removeFirst()
        receive(reply, caller)
    }

    private mutating func timeOutSomething() {
        let able = connections.indices.filter { !connections[$0].isClosed }
        guard let index = able.randomElement(using: &random) else { return }
        if !connections[index].commands.isEmpty, chance(1, in: 2) {
            let place = Int(random.next() % UInt64(connections[index].commands.count))
            connections[index].commands[place].caller = giveUp(connections[index].commands[place].caller)
        } else if !connections[index].replies.isEmpty {
            let place = Int(random.next() % UInt64(connections[index].replies.count))
            connections[index].replies[place].caller = giveUp(connections[index].replies[place].caller)
        }
    }

    /// Everything that is in the air comes down, and everything that is kept is replayed.
    mutating func comeToRest() {
        for _ in 0..<400 {
            let isIdle = connections.allSatisfy {
                ($0.isDead || $0.commands.isEmpty) && $0.replies.isEmpty && $0.unanswered.isEmpty
            }
            if isIdle, !isBusy, reads == 0, !isReplaying, store.isSettled(key, place) { return }
            executeSomething()
            deliverSomething()
            beginReplay()
            // What the orphans left is found out by any other command.
            if connections.contains(where: { !$0.unanswered.isEmpty }), chance(1, in: 4) {
                send(Command(content: .read, index: 0, caller: .nobody))
            }
        }
        faults.append("it never comes to rest")
    }

    /// Asks Redis while nothing else goes on: after it, there is nothing to remember.
    mutating func readAlone() {
        guard case .ask(let begin) = store.beginRead(key, place) else {
            return faults.append("a write is kept at rest")
        }
        store.endRead(key, place, begin: begin, value: held.value, ttl: nil)
    }
}
