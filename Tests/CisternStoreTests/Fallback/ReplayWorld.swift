import CisternBytes
import CisternStore
import TestSupport

/// One key, a process that writes and reads it, a server that executes what lies in its connections' buffers, and perhaps
/// another client. What can come in another order does, as the generator says.
///
/// The process does what `HybridRedisClient` does with the store, and its connections do what Cistern's do: a connection that
/// it closed with unanswered writes is an orphan, of which every other connection tells the server before anything else.
struct ReplayWorld {
    enum Content {
        case read
        case write(Bytes?)
        case replay(FallbackStore.Replay)
        case kill(Int)
    }

    enum Reply {
        case held(Bytes?, index: Int, version: Int)
        case done, refused, conflict, killed(Int)
    }

    /// Who waits for the reply of a command.
    enum Caller {
        case read(begin: FallbackStore.ReadBegin, atLeast: Int)
        case write(Bytes?, index: Int, begin: UInt32, isStrict: Bool)
        case replay(KeptWrite)
        case kill
        /// Nobody any more; the store knows the command by this number.
        case gone(UInt64)
        /// Nobody, and it changes nothing.
        case nobody
    }

    struct Command {
        let content: Content
        let index: Int
        var caller: Caller
    }

    struct Connection {
        /// Not executed yet, and executed but not read.
        var commands: [Command] = []
        var replies: [(reply: Reply, caller: Caller)] = []
        var told = 0
        var isClosed = false
        /// The server has ended it: nothing more of it is executed.
        var isDead = false
        /// What nobody knows the fate of, once it is closed.
        var unanswered: [UInt64] = []
    }

    let store: FallbackStore
    let key: Bytes
    let place: FallbackStore.Place
    var random: SplitMix64
    let hasOtherClient: Bool

    private(set) var held: (value: Bytes?, index: Int) = (nil, 0)
    /// Counts what the server held, one after the other.
    private var version = 0
    /// When it held another client's values.
    private var versions: [Bytes: Int] = [:]
    /// The last that a read has shown.
    private var seenVersion = 0
    var connections = [Connection(), Connection()]
    /// Whether a write is in progress; writes come one after the other.
    var isBusy = false
    /// Reads in progress; they come when they like.
    var reads = 0
    var isReplaying = false
    var lastIndex = 0
    /// The index of the last operation whose acknowledgement the client has.
    var acknowledged = 0
    var acknowledgedValue: Bytes?
    var keptIndex = 0
    /// The newest that a read has shown.
    var seen = 0
    var kept = 0
    var told: Set<Bytes> = []
    var faults: [String] = []
    /// What happened, in order, for whoever has to find out why.
    var story: [String] = []
    var tellsStory = false

    init(_ store: FallbackStore, key: Bytes, seed: UInt64, hasOtherClient: Bool) {
        self.store = store
        self.key = key
        place = store.place(of: key)
        random = SplitMix64(seed: seed)
        self.hasOtherClient = hasOtherClient
    }

    mutating func note(_ event: @autoclosure () -> String) { if tellsStory { story.append(event()) } }

    mutating func chance(_ one: Int, in all: Int) -> Bool { Int(random.next() % UInt64(all)) < one }

    // MARK: The process

    mutating func send(_ command: Command) {
        var open = connections.indices.filter { !connections[$0].isClosed }
        if open.isEmpty || chance(1, in: 12) {
            connections.append(Connection())
            open = [connections.count - 1]
        }
        let chosen = open[Int(random.next() % UInt64(open.count))]
        for orphan in connections.indices where !connections[orphan].unanswered.isEmpty {
            guard connections[orphan].isClosed, connections[chosen].told & (1 << orphan) == 0 else { continue }
            connections[chosen].told |= 1 << orphan
            connections[chosen].commands.append(Command(content: .kill(orphan), index: 0, caller: .kill))
        }
        connections[chosen].commands.append(command)
        note("send \(command.content) on \(chosen)")
    }

    mutating func beginRead() {
        switch store.beginRead(key, place) {
        case .kept(let value), .replaying(let value): show(value)
        case .ask(let begin):
            // As when the breaker is open.
            if chance(1, in: 4) { return showLocal(atLeast: seen) }
            reads += 1
            send(Command(content: .read, index: 0, caller: .read(begin: begin, atLeast: seen)))
        }
    }

    mutating func beginWrite() {
        lastIndex += 1
        let value = chance(1, in: 4) ? nil : Bytes("v\(lastIndex)")
        let isStrict = chance(1, in: 5)
        switch store.beginWrite(key, place) {
        case .send(let begin):
            isBusy = true
            send(
                Command(
                    content: .write(value), index: lastIndex,
                    caller: .write(value, index: lastIndex, begin: begin, isStrict: isStrict)))
        case .keep, .replaying: if !isStrict { keep(value, index: lastIndex, sent: []) }
        }
    }

    mutating func keep(_ value: Bytes?, index: Int, sent: [UInt64]) {
        guard store.keep(key, place, value: value, expiry: .never, accepted: 0, sent: sent)
        else { return faults.append("no room") }
        note("keep \(index) with \(sent)")
        kept += 1
        keptIndex = index
        acknowledge(value, index)
    }

    mutating func acknowledge(_ value: Bytes?, _ index: Int) { (acknowledgedValue, acknowledged) = (value, index) }

    mutating func beginReplay() {
        guard !isReplaying, let replay = store.beginReplay(key, place) else { return }
        isReplaying = true
        send(Command(content: .replay(replay), index: keptIndex, caller: .replay(replay.write)))
    }

    /// The caller of a command goes without an answer: its time is over, or its connection.
    mutating func giveUp(_ caller: Caller) -> Caller {
        note("give up \(caller)")
        switch caller {
        case .read(_, let atLeast):
            reads -= 1
            showLocal(atLeast: atLeast)
            return .nobody
        case .write(let value, let index, let begin, let isStrict):
            isBusy = false
            store.endWrite(key, place, begin: begin, .failed)
            let number = store.newNumber()
            if isStrict {
                store.note(key, place, value: value, sent: [number])
            } else {
                keep(value, index: index, sent: [number])
            }
            return .gone(number)
        case .replay(let write):
            isReplaying = false
            let number = store.newNumber()
            _ = store.endReplay(key, place, write, .unanswered(number))
            return .gone(number)
        case .kill, .gone, .nobody: return caller
        }
    }

    private mutating func showLocal(atLeast: Int) {
        if let local = store.local(key, place) { show(local, atLeast: atLeast) }
    }

    mutating func show(_ local: FallbackStore.LocalValue, atLeast: Int? = nil) {
        // Another client's values have no place in the order of ours.
        guard !hasOtherClient else { return }
        note("show \(local)")
        let index = local.isPending ? keptIndex : local.value.map(Self.index) ?? 0
        show(index: index, atLeast: atLeast ?? seen)
    }

    /// Another client's values came here by reads alone, and those have an order.
    private mutating func checkCopy() {
        guard let value = store.local(key, place)?.value, let version = versions[value], version < seenVersion else {
            return
        }
        faults.append("the copy is of what the server held at \(version), and a read has shown \(seenVersion)")
    }

    mutating func show(index: Int, atLeast: Int) {
        if index < atLeast { faults.append("a read showed \(index) after one had shown \(atLeast)") }
        seen = max(seen, index)
    }

    static func index(_ value: Bytes) -> Int { Int(value.string?.dropFirst() ?? "") ?? 0 }

    mutating func receive(_ reply: Reply, _ caller: Caller) {
        note("receive \(reply) for \(caller)")
        switch (caller, reply) {
        case (.read(let begin, let atLeast), .held(let value, let index, let version)):
            reads -= 1
            seenVersion = max(seenVersion, version)
            if let value { told.insert(value) }
            store.endRead(key, place, begin: begin, value: value, ttl: nil)
            checkCopy()
            if !hasOtherClient { show(index: index, atLeast: atLeast) }
        case (.write(let value, let index, let begin, _), .done):
            isBusy = false
            store.endWrite(key, place, begin: begin, value.map { .stored($0, ttl: nil) } ?? .deleted)
            acknowledge(value, index)
        case (.write(let value, let index, let begin, let isStrict), _):
            isBusy = false
            store.endWrite(key, place, begin: begin, .failed)
            if !isStrict { keep(value, index: index, sent: []) }
        case (.replay(let write), _):
            isReplaying = false
            let end: KeyRecord.ReplayEnd =
                switch reply {
                case .done: .done
                case .conflict: .conflict
                default: .failed
                }
            _ = store.endReplay(key, place, write, end)
        case (.kill, .killed(let orphan)):
            for number in connections[orphan].unanswered { _ = store.settle(key, place, number, .dead) }
            connections[orphan].unanswered = []
        case (.gone(let number), _):
            let outcome: LateOutcome =
                switch reply {
                case .done: .done
                case .conflict: .conflict
                default: .refused
                }
            _ = store.settle(key, place, number, outcome)
        default: break
        }
    }

    mutating func close(_ index: Int) {
        guard !connections[index].isClosed else { return }
        connections[index].isClosed = true
        note("close \(index)")
        for place in connections[index].commands.indices {
            let caller = giveUp(connections[index].commands[place].caller)
            connections[index].commands[place].caller = caller
            if case .gone(let number) = caller { connections[index].unanswered.append(number) }
        }
        for reply in connections[index].replies {
            if case .gone(let number) = giveUp(reply.caller) { connections[index].unanswered.append(number) }
        }
        connections[index].replies = []
    }

    // MARK: The server

    mutating func execute(_ index: Int) {
        let command = connections[index].commands.removeFirst()
        note("execute \(command.content) on \(index)")
        var reply = Reply.refused
        switch command.content {
        case .read: reply = .held(held.value, index: held.index, version: version)
        case .kill(let orphan):
            connections[orphan].isDead = true
            connections[orphan].commands = []
            reply = .killed(orphan)
        case .write where chance(1, in: 15), .replay where chance(1, in: 15): break
        case .write(let value):
            hold(value, command.index)
            reply = .done
        case .replay(let replay): reply = execute(replay, command.index)
        }
        if !connections[index].isClosed { connections[index].replies.append((reply, command.caller)) }
    }

    private mutating func hold(_ value: Bytes?, _ index: Int) {
        held = (value, index)
        version += 1
    }

    /// Another client writes.
    mutating func interfere() {
        lastIndex += 1
        let value = Bytes("f\(lastIndex)")
        hold(value, lastIndex)
        versions[value] = version
    }

    private mutating func execute(_ replay: FallbackStore.Replay, _ index: Int) -> Reply {
        if let value = held.value, !replay.expected.contains(value) { return value == replay.value ? .done : .conflict }
        if let value = held.value, value.string?.hasPrefix("f") == true, !told.contains(value) {
            faults.append("a replay overwrote another client's value that nobody here had seen")
        }
        hold(replay.value, index)
        return .done
    }

    /// The server is killed and comes back with its data: nothing of what lay in its buffers is executed.
    mutating func restart() {
        note("restart")
        for index in connections.indices {
            connections[index].isDead = true
            close(index)
            connections[index].commands = []
        }
    }
}
