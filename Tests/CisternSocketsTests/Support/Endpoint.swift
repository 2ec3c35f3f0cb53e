import CisternBytes
import CisternSockets
import Synchronization

/// One end of a connection on a loop, as a server's or a client's connection would be.
actor Endpoint: EventSource, OutputSource {
    /// `tlsServerInPassing` leaves the handshake to its reads and writes.
    enum Role: Sendable {
        case plain
        case tlsClient(TLSContext)
        case tlsServer(TLSContext)
        case tlsServerInPassing(TLSContext)
    }
    /// `ended`: the peer sends no more; this end still may.
    enum State: Sendable, Equatable { case connecting, securing, open, ended, closed, failed(SocketError.Code) }

    private static let alive = Atomic(0)

    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private(set) var state: State
    private(set) var received: [UInt8] = []
    /// How often the loop has called.
    private(set) var calls = 0
    private let role: Role
    private let echoes: Bool
    private var stream: SocketStream
    private var isFlushScheduled = false
    private var waiters: [(condition: (isolated Endpoint) -> Bool, resume: () -> Void)] = []

    init(accepted descriptor: CInt, loop: EventLoop, role: Role = .plain, echoes: Bool = false) {
        self.loop = loop
        self.role = role
        self.echoes = echoes
        state = .open
        stream = SocketStream(accepted: descriptor, loop: loop)
        Self.alive.add(1, ordering: .relaxed)
    }

    init(connectingTo address: SocketAddress, loop: EventLoop, role: Role = .plain) throws {
        self.loop = loop
        self.role = role
        echoes = false
        state = .connecting
        stream = try SocketStream(connectingTo: address, loop: loop)
        Self.alive.add(1, ordering: .relaxed)
    }

    /// How many have not been freed.
    static var living: Int { alive.load(ordering: .relaxed) }

    deinit { Endpoint.alive.subtract(1, ordering: .relaxed) }

    func start() throws {
        try stream.start(self)
        if state == .open { secure() }
    }

    // MARK: What tests do

    func send(_ bytes: Bytes) {
        stream.output.append(value: bytes)
        scheduleFlush()
    }

    func flushNow() -> FlushOutcome { stream.flush() }

    func setReading(_ reads: Bool) { stream.setReading(reads) }

    func shutDownWriting() { stream.shutDownWriting() }

    func close() { end(.closed) }

    var backlog: Int { stream.output.count }
    var isWriteBlocked: Bool { stream.isBlocked || stream.writeAwaitsInput }
    var bytesWritten: Int { stream.bytesWritten }
    var bytesRead: Int { stream.bytesRead }

    /// Waits until `condition` holds; false when that takes more than 20 seconds.
    func wait(for condition: @escaping @Sendable (isolated Endpoint) -> Bool) async -> Bool {
        if condition(self) { return true }
        let timer = loop.schedule(at: .now + .seconds(20)) { [unowned self] in
            assumeIsolated { $0.giveUp() }
        }
        await withCheckedContinuation { continuation in
            waiters.append((condition, { continuation.resume() }))
        }
        loop.cancel(timer)
        return condition(self)
    }

    func received(_ count: Int) async -> Bytes {
        _ = await wait { $0.received.count >= count }
        return Bytes(received)
    }

    /// Whether exactly these bytes arrive.
    func receives(_ bytes: Bytes) async -> Bool {
        await received(bytes.count) == bytes
    }

    // MARK: What the loop does

    nonisolated func ready(_ events: PollEvents) { assumeIsolated { $0.handle(events) } }

    nonisolated func flushOutput() { assumeIsolated { $0.flush() } }

    private func handle(_ events: PollEvents) {
        calls += 1
        switch state {
        case .connecting:
            if let error = stream.finishConnecting() { end(.failed(error.code)) } else { secure() }
        case .securing: shake()
        case .open, .ended:
            if events.contains(.write) { flush() }
            if state == .open, !events.isDisjoint(with: [.read, .hangUp]) { receive() }
        case .closed, .failed: break
        }
        checkWaiters()
    }

    private func secure() {
        let error: SocketError?
        switch role {
        case .plain:
            state = .open
            return scheduleFlush()
        case .tlsClient(let context):
            error = stream.startTLS(context, serverName: "cache.test", resumptionKey: "cache.test:1")
        case .tlsServer(let context): error = stream.acceptTLS(context)
        case .tlsServerInPassing(let context):
            if let error = stream.acceptTLS(context) { return end(.failed(error.code)) }
            return scheduleFlush()
        }
        state = .securing
        if let error { end(.failed(error.code)) } else { shake() }
    }

    private func shake() {
        switch stream.handshake() {
        case .blocked: break
        case .failed(let error): end(.failed(error.code))
        case .done:
            state = .open
            scheduleFlush()
            if stream.mayHaveMore { receive() }
        }
    }

    private func receive() {
        repeat {
            switch stream.read() {
            case .bytes: take()
            case .wouldBlock: return
            case .end:
                state = .ended
                stream.setReading(false)
            case .failed(let error): end(.failed(error.code))
            }
        } while stream.mayHaveMore
    }

    private func take() {
        if echoes {
            send(Bytes(copying: stream.input.readable))
        } else {
            stream.input.readable.withUnsafeBufferPointer { received.append(contentsOf: $0) }
        }
        stream.input.consume(stream.input.count)
        stream.input.releaseIfEmpty()
    }

    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.flushAtEndOfTurn(self)
    }

    private func flush() {
        isFlushScheduled = false
        guard state == .open || state == .ended else { return }
        if case .failed(let error) = stream.flush() { end(.failed(error.code)) }
        checkWaiters()
    }

    private func end(_ end: State) {
        state = end
        stream.close()
        checkWaiters()
    }

    private func checkWaiters() {
        let done = waiters.filter { $0.condition(self) }
        guard !done.isEmpty else { return }
        waiters.removeAll { $0.condition(self) }
        for waiter in done { waiter.resume() }
    }

    private func giveUp() {
        let all = waiters
        waiters = []
        for waiter in all { waiter.resume() }
    }
}
