import CisternBytes
import CisternHTTP
import CisternLocks
import CisternSockets
import Glibc
import TestSupport

/// Answers by path.
final class TestHandler: HTTPHandler {
    /// What the paths that begin with `/slow` wait for.
    let gate = Gate()
    /// While it holds, `/held` keeps its loop from turning; at most ten seconds.
    let hold = Hold()
    /// The same for `/held/again`.
    let secondHold = Hold()

    private struct Notes {
        /// Requests by the turn of the loop in which they came.
        var turns: [Int64: Int] = [:]
        var capacity = 0
        var streamed = 0
        var streamsGivenUp = 0
        var answered = 0
        var processorTime = Duration.zero
    }
    private let notes = Locked(Notes())

    /// The most requests that came in one turn.
    var mostInOneTurn: Int { notes.withLock { $0.turns.values.max() ?? 0 } }
    /// The room that the last body took.
    var capacity: Int { notes.withLock { $0.capacity } }
    /// Bytes of streams that have been handed over to be sent.
    var streamed: Int { notes.withLock { $0.streamed } }
    /// Streams whose client went away.
    var streamsGivenUp: Int { notes.withLock { $0.streamsGivenUp } }
    /// Requests that the handler has finished with.
    var answered: Int { notes.withLock { $0.answered } }

    /// What the loop's thread had to do while the last `/slow` waited.
    var processorTimeOfWaiting: Duration { notes.withLock { $0.processorTime } }

    private static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    func serve(_ connection: HTTPConnection) async {
        while let responder = await connection.nextRequest(for: self) {
            let isLast = text(responder.head.query) == "last"
            await handle(responder)
            if isLast { return }
        }
    }

    private func handle(_ responder: consuming HTTPResponder) async {
        let request = responder.head
        let turn = EventLoop.current?.now.nanoseconds ?? 0
        notes.withLock { $0.turns[turn, default: 0] += 1 }
        if request.has(.origin) { responder.standingLines = "X-Standing: yes\r\n" }
        switch text(request.path) {
        case "/hello": responder.send(.ok, body: "hello")
        case "/query": responder.send(.ok, body: Bytes(copying: request.query))
        case "/large":
            responder.send(.ok, body: Bytes([UInt8](repeating: 0x6C, count: Int(text(request.query)) ?? 0)))
        case "/wait":
            await EventLoop.current?.sleep(until: .now + .milliseconds(Int(text(request.query)) ?? 0))
            responder.send(.ok, body: "waited")
        case "/loop": responder.send(.ok, body: Bytes("\(responder.loopIndex)"))
        case "/held":
            hold.wait()
            responder.send(.ok, body: "held")
        case "/held/again":
            secondHold.wait()
            responder.send(.ok, body: "held again")
        case "/slow":
            let before = Self.processorTime
            await gate.wait()
            let used = Self.processorTime - before
            notes.withLock { $0.processorTime = used }
            responder.send(.ok, body: "slow")
        case "/slow/echo":
            await gate.wait()
            await echo(responder, limit: 1 << 20)
        case "/echo": await echo(responder, limit: 1 << 20)
        case "/echo/ten": await echo(responder, limit: 10)
        case "/stream": await stream(Int(text(request.query)) ?? 0, responder)
        case "/silence": break
        default: responder.send(.notFound, body: "nothing there")
        }
        notes.withLock { $0.answered += 1 }
    }

    private func echo(_ responder: consuming HTTPResponder, limit: Int) async {
        do throws(HTTPRejection) {
            guard let body = try await responder.body(limit: limit) else { return }
            notes.withLock { $0.capacity = body.storage.capacity }
            responder.send(.ok, body: body)
        } catch {
            responder.send(error.status, body: Bytes("\(error)"))
        }
    }

    private func stream(_ size: Int, _ responder: consuming HTTPResponder) async {
        await responder.stream(.ok) { head, output in
            head.field("Content-Type", "text/plain", to: &output)
        } write: { writer in
            var rest = size
            while rest > 0 {
                let piece = Bytes([UInt8](repeating: UInt8(0x61 + rest % 26), count: min(rest, 64 * 1024)))
                notes.withLock { $0.streamed += piece.count }
                guard await writer.write(piece) else {
                    notes.withLock { $0.streamsGivenUp += 1 }
                    return
                }
                rest -= piece.count
            }
        }
    }

    func refuse(_ rejection: HTTPRejection, _ responder: consuming HTTPResponder) {
        responder.send(rejection.status, body: Bytes("\(rejection)"))
    }

    let overloadedResponse: Bytes =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfull"
}

/// Holds whoever waits until it is opened, for good.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var arrived = 0
        var waiting: [UnsafeContinuation<Void, Never>] = []
    }
    private let state = Locked(State())

    /// How many have come so far.
    var arrived: Int { state.withLock { $0.arrived } }

    func wait() async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            let isOpen = state.withLock { state in
                state.arrived += 1
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Holds the thread of whoever comes until it is released.
final class Hold: Sendable {
    private struct State {
        var isReleased = false
        var arrived = 0
    }
    private let state = Locked(State())

    /// How many have come so far.
    var arrived: Int { state.withLock { $0.arrived } }

    func wait() {
        state.withLock { $0.arrived += 1 }
        _ = eventually { state.withLock { $0.isReleased } }
    }

    func release() { state.withLock { $0.isReleased = true } }
}
