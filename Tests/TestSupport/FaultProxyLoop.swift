import CisternBytes
import CisternLocks
import Glibc

/// The thread of a proxy: everything that happens on its connections.
struct FaultProxyLoop: ~Copyable {
    private var listener: FaultProxyListener
    private let target: UInt16
    private let control: FaultProxyControl
    private var mode = FaultProxy.Mode.pass
    private var links: [FaultProxyLink] = []
    private var statistics = FaultProxy.Statistics()

    init(_ listener: consuming FaultProxyListener, to target: UInt16, _ control: FaultProxyControl) {
        self.listener = listener
        self.target = target
        self.control = control
    }

    consuming func run() {
        while true {
            let now = ContinuousClock.now
            let entries = wait(now)
            let isStopping = obeyOrders(now: .now)
            if isStopping { break }
            read(entries)
            forward()
            acceptAll()
            report()
        }
        for var link in links {
            link.reset()
            link.close()
        }
        finish(control)
    }

    /// Gives the port up, and only then says that the proxy has ended.
    private consuming func finish(_ control: FaultProxyControl) {
        do { _ = consume listener }
        let orders = control.state.withLock { state in
            state.hasEnded = true
            state.statistics.open = 0
            defer { state.orders = [] }
            return state.orders
        }
        for order in orders { order.done.post() }
    }

    /// Waits until something can be done. Two descriptors stand first, then two for each connection.
    private mutating func wait(_ now: ContinuousClock.Instant) -> [pollfd] {
        var entries = [
            pollfd(fd: control.wakeEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: listener.isListening ? listener.descriptor : -1, events: Int16(POLLIN), revents: 0),
        ]
        var wakeAt: ContinuousClock.Instant?
        for link in links {
            let requests = link.isHeld(mode) ? nil : link.requests.due
            let replies = link.holdsReplies(mode) ? nil : link.replies.due
            entries.append(Self.entry(link.client, reads: link.requests.wantsToRead, writes: replies, now, mode))
            entries.append(Self.entry(link.server, reads: link.replies.wantsToRead, writes: requests, now, mode))
            for due in [requests, replies] {
                guard let due else { continue }
                // A throttle fills by and by.
                let next = if case .throttle = mode { max(due, now + .milliseconds(2)) } else { due }
                if next > now { wakeAt = min(wakeAt ?? next, next) }
            }
        }
        let timeout = wakeAt.map { Int32(clamping: Int64(max($0 - now, .zero) / .milliseconds(1)) + 1) } ?? -1
        _ = poll(&entries, nfds_t(entries.count), timeout)
        return entries
    }

    private static func entry(
        _ descriptor: Int32, reads: Bool, writes due: ContinuousClock.Instant?, _ now: ContinuousClock.Instant,
        _ mode: FaultProxy.Mode
    ) -> pollfd {
        var events = reads ? POLLIN : 0
        // Where a throttle holds bytes back, the peer could always take them.
        if case .throttle = mode {} else if let due, due <= now { events |= POLLOUT }
        return pollfd(fd: events == 0 ? -1 : descriptor, events: Int16(events), revents: 0)
    }

    /// True when the proxy is to end.
    private mutating func obeyOrders(now: ContinuousClock.Instant) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 64)
        while Glibc.read(control.wakeEnd, &bytes, bytes.count) > 0 {}
        if control.state.withLock(\.isStopping) { return true }
        let orders = control.state.withLock { state in
            defer { state.orders = [] }
            return state.orders
        }
        for order in orders {
            if let mode = order.mode { enter(mode) } else { for index in links.indices { links[index].reset() } }
            closeFinished()
            report()
            order.done.post()
        }
        return false
    }

    private mutating func enter(_ mode: FaultProxy.Mode) {
        // What came before the change is met by the mode before it.
        acceptAll()
        readAll()
        forward()
        if mode == .silence || mode == .strandExisting { control.state.withLock { $0.held = [:] } }
        if mode == .refuse { listener.refuse() } else { listener.admit() }
        self.mode = mode
        for index in links.indices { links[index].enter(mode) }
    }

    private mutating func readAll() {
        for index in links.indices {
            if links[index].requests.wantsToRead { readRequests(index) }
            if links[index].replies.wantsToRead { readReplies(index) }
        }
    }

    private mutating func read(_ entries: [pollfd]) {
        // The orders may have closed some connections; then the next turn reads.
        guard entries.count == 2 + 2 * links.count else { return }
        for index in links.indices {
            let client = entries[2 + 2 * index]
            let server = entries[3 + 2 * index]
            guard client.fd < 0 || client.fd == links[index].client else { return }
            let interesting = Int16(POLLIN | POLLHUP | POLLERR)
            if client.revents & interesting != 0, links[index].requests.wantsToRead { readRequests(index) }
            if server.revents & interesting != 0, links[index].replies.wantsToRead { readReplies(index) }
        }
    }

    private var due: ContinuousClock.Instant {
        if case .delay(let duration) = mode { .now + duration } else { .now }
    }

    private mutating func readRequests(_ index: Int) {
        let bytes = links[index].requests.read(from: links[index].client, due: due, keeping: true)
        guard links[index].isHeld(mode), !bytes.isEmpty else { return }
        statistics.faults += 1
        let number = links[index].number
        control.state.withLock { $0.held[number, default: []] += bytes }
    }

    private mutating func readReplies(_ index: Int) {
        if links[index].readReplies(mode, due: due) { statistics.faults += 1 }
    }

    private mutating func forward() {
        let now = ContinuousClock.now
        for index in links.indices where links[index].forward(mode, now) { statistics.faults += 1 }
        closeFinished()
    }

    private mutating func closeFinished() {
        for link in links where link.isFinished { link.close() }
        links.removeAll(where: \.isFinished)
    }

    private mutating func acceptAll() {
        guard listener.isListening else { return }
        while let client = listener.accept() {
            let number = statistics.accepted
            statistics.accepted += 1
            guard let server = Self.connect(to: target) else {
                SocketCalls.reset(client)
                continue
            }
            links.append(FaultProxyLink(number: number, client: client, server: server, mode: mode))
        }
    }

    private static func connect(to target: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, SocketCalls.stream, 0)
        guard descriptor >= 0 else { return nil }
        // On the loopback this is decided at once, except by a server whose queue is full.
        if SocketCalls.withAddress(SocketCalls.loopback(target), { Glibc.connect(descriptor, $0, $1) }) == 0 {
            return descriptor
        }
        close(descriptor)
        return nil
    }

    private mutating func report() {
        statistics.open = links.count
        let statistics = statistics
        control.state.withLock { $0.statistics = statistics }
    }
}
