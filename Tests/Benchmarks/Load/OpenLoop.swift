internal import CLinux
internal import CisternBytes
internal import CisternSockets
internal import DequeModule
internal import Glibc
internal import TestSupport

/// A load generator with a constant rate: request n is due n/rate seconds after the start, whatever became of the ones
/// before, and its time counts from then. A server that stalls makes all requests late that were due meanwhile. A
/// generator that waits for answers, as `wrk` does, sends nothing then, and counts the stall once for each connection.
///
/// It runs on the calling thread. When all connections are taken, requests wait, and that counts as well.
struct OpenLoop: ~Copyable {
    struct Load {
        var port: UInt16
        var plan: RequestPlan
        var connections: Int
        /// Requests per second.
        var rate: Double
        var seconds: Double
        /// Statuses that are no errors.
        var accepts: Set<Int>
    }

    /// Sent in one go before answers are looked at again.
    private static let burst = 16
    /// How long the answers of the last requests are awaited.
    private static let patience: Int64 = 5_000_000_000

    private let load: Load
    private let requests: [[UInt8]]
    private let total: Int
    private let interval: Double
    private let start: Int64
    private let epoll: CInt
    private var connections: [LoadConnection] = []
    /// Connections without a request, the one first that has been so for longest: all take turns.
    private var idle = Deque<Int>()
    /// Since when there has been an idle connection.
    private var idleSince: Int64
    private var sent = 0
    private var report = OpenLoopReport()

    static func run(_ load: Load) throws -> OpenLoopReport {
        var generator = try OpenLoop(load)
        return try generator.run()
    }

    private init(_ load: Load) throws {
        self.load = load
        requests = load.plan.requests.map { $0.wire(port: load.port) }
        total = Int(load.rate * load.seconds)
        interval = 1e9 / load.rate
        epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw TestFailure(call: "epoll_create1", error: errno) }
        for number in 0..<load.connections {
            connections.append(try LoadConnection(port: load.port, number: number, epoll: epoll))
            idle.append(number)
        }
        start = MonotonicTime.now.nanoseconds + 1_000_000
        idleSince = start
    }

    deinit {
        for connection in connections { connection.close() }
        close(epoll)
    }

    private mutating func run() throws -> OpenLoopReport {
        let deadline = due(total) + Self.patience
        try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
            try withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 256) { events in
                while report.done < total, MonotonicTime.now.nanoseconds < deadline {
                    try sendDue()
                    var wait = timeout
                    let count = epoll_pwait2(epoll, events.baseAddress, CInt(events.count), &wait, nil)
                    for index in 0..<max(0, Int(count)) {
                        try proceed(Int(withUnsafePointer(to: events[index]) { cistern_epoll_data($0) }), buffer)
                    }
                }
            }
        }
        report.unanswered = total - report.done
        // The last request is due before its share of the time is over.
        report.seconds = max(Double(MonotonicTime.now.nanoseconds - start), Double(total) * interval) / 1e9
        return report
    }

    private func due(_ number: Int) -> Int64 { start + Int64(Double(number) * interval) }

    /// Until the next request is due, if there is a connection for it.
    private var timeout: timespec {
        let isWaiting = sent < total && !idle.isEmpty
        let left = isWaiting ? max(0, due(sent) - MonotonicTime.now.nanoseconds) : 100_000_000
        return timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
    }

    private mutating func sendDue() throws {
        for _ in 0..<Self.burst {
            let now = MonotonicTime.now.nanoseconds
            guard sent < total, due(sent) <= now, let number = idle.popFirst() else { return }
            let due = due(sent)
            // What the generator itself is late: there was a connection, and it did not use it.
            report.lag.record(nanoseconds: now - max(due, idleSince))
            let request = requests[load.plan.order[sent % load.plan.order.count]]
            sent += 1
            if case .failed = connections[number].send(request, due: due) { try replace(number) }
        }
    }

    private mutating func proceed(_ number: Int, _ buffer: UnsafeMutableRawBufferPointer) throws {
        guard let due = connections[number].due else {
            // Between requests there is nothing to hear of but the end.
            if case .failed = connections[number].proceed(buffer) {
                idle.removeAll { $0 == number }
                try reconnect(number)
            }
            return
        }
        switch connections[number].proceed(buffer) {
        case .pending: break
        case .failed: try replace(number)
        case .complete(let status):
            let now = MonotonicTime.now.nanoseconds
            report.record(nanoseconds: now - due, status: status, isError: !load.accepts.contains(status))
            giveBack(number, now)
        }
    }

    /// The request is lost, the connection is replaced.
    private mutating func replace(_ number: Int) throws {
        report.broken += 1
        try reconnect(number)
    }

    private mutating func reconnect(_ number: Int) throws {
        connections[number].close()
        connections[number] = try LoadConnection(port: load.port, number: number, epoll: epoll)
        giveBack(number, MonotonicTime.now.nanoseconds)
    }

    private mutating func giveBack(_ number: Int, _ now: Int64) {
        if idle.isEmpty { idleSince = now }
        idle.append(number)
    }
}
