internal import CisternBytes
internal import CisternSockets
internal import Glibc

/// One event loop's share of a server: its listener and its connections. Pinned to that loop.
package actor HTTPLoop {
    /// Connections over all loops that are being told in stages that they are too many; those beyond are told in passing, so
    /// that a flood of them does not take the descriptors that others need.
    private static let refusals = 32

    nonisolated let loop: EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    nonisolated let counters: HTTPCounters
    private let options: HTTPLoopOptions
    /// Connections over all loops that are served, and those that are being told that they are too many.
    private let open: SharedCount
    private let refusing: SharedCount
    private var listener: Listener?
    private var connections: [Int: HTTPConnection] = [:]
    private var nextNumber = 0
    /// Those that a task serves, and a few that are gone.
    private var awake: [HTTPConnection] = []
    private var restTimer: TimerID?
    private let clock = HTTPLoopClock()
    private var endWaiters: [UnsafeContinuation<Void, Never>] = []
    /// Said to all loops before any connection is ended.
    private let ending: SharedEnding

    init(
        loop: EventLoop, options: HTTPServerOptions, handler: any HTTPHandler, counters: HTTPCounters,
        open: SharedCount, refusing: SharedCount, ending: SharedEnding
    ) {
        self.loop = loop
        self.options = HTTPLoopOptions(options, handler)
        self.counters = counters
        self.open = open
        self.refusing = refusing
        self.ending = ending
    }

    /// Takes other options and another handler: what begins from now on is under them, on old connections as well. A
    /// request in progress and a deadline that runs stay under those they began with.
    func apply(_ options: HTTPServerOptions, _ handler: any HTTPHandler) {
        self.options.apply(options, handler)
    }

    /// Starts to accept on a bound socket. The result is where.
    func listen(on descriptor: CInt) throws(SocketError) -> SocketAddress {
        let listener = try Listener(descriptor: descriptor, loop: loop) { [unowned self] connection in
            assumeIsolated { $0.accepted(connection) }
        }
        self.listener = listener
        return listener.address
    }

    /// Whether every response ends its connection.
    nonisolated var isEndNear: Bool { ending.isNear }

    /// Whether no connection is to have another request.
    nonisolated var isDraining: Bool { ending.hasBegun }

    // MARK: Connections

    private func accepted(_ descriptor: CInt) {
        let isWelcome = open.increase() <= options.current.maximumConnections
        if !isWelcome {
            open.decrease()
            counters.refused.add()
            guard refusing.increase() <= Self.refusals else {
                refusing.decrease()
                return refuseInPassing(descriptor)
            }
        }
        nextNumber += 1
        let number = nextNumber
        let connection = HTTPConnection(
            accepted: descriptor, number: number, server: self, clock: clock, options: options)
        do {
            try connection.start()
        } catch {
            // The kernel has no memory to watch it; the stream closes its descriptor.
            return (isWelcome ? open : refusing).decrease()
        }
        connections[number] = connection
        stayAwake(connection)
        // With the loop as its preferred executor, the task comes back to the loop after every wait; without, a
        // continuation resumes it on the global pool first.
        Task(executorPreference: loop) { await self.serve(number, isWelcome: isWelcome) }
    }

    private func serve(_ number: Int, isWelcome: Bool) async {
        guard let connection = connections[number] else { return }
        if isWelcome { counters.accepted.add() }
        if await secure(connection) {
            if isWelcome { return await goOn(number) }
            connection.stream.output.append(value: options.handler.overloadedResponse)
        }
        await end(connection, number, isWelcome ? open : refusing)
    }

    /// Tells a client that it is one too many, as far as that goes without waiting for it.
    private func refuseInPassing(_ descriptor: CInt) {
        if options.current.tls == nil {
            options.handler.overloadedResponse.withUnsafeBytes { bytes in
                _ = send(
                    descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
            }
            shutdown(descriptor, CInt(SHUT_WR))
            // What is left unread would take the answer with it.
            withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
                _ = recv(descriptor, buffer.baseAddress, buffer.count, CInt(MSG_DONTWAIT))
            }
        }
        close(descriptor)
    }

    /// Answers requests until the connection ends, or rests.
    private func goOn(_ number: Int) async {
        guard let connection = connections[number] else { return }
        if await connection.answerRequests() { await end(connection, number, open) }
    }

    /// - Parameter count: Where it has been counted.
    private func end(_ connection: HTTPConnection, _ number: Int, _ count: SharedCount) async {
        await connection.closeInStages()
        connections[number] = nil
        count.decrease()
        guard connections.isEmpty else { return }
        awake = []
        if let restTimer { loop.cancel(restTimer) }
        restTimer = nil
        for waiter in endWaiters { waiter.resume() }
        endWaiters = []
    }

    // MARK: Rest

    /// How long a connection may be without a request before its task ends: at least this, and at most twice as long.
    private static let restTime: Duration = .milliseconds(50)

    private func stayAwake(_ connection: HTTPConnection) {
        awake.append(connection)
        guard restTimer == nil else { return }
        restTimer = loop.schedule(at: loop.now + Self.restTime) { [unowned self] in assumeIsolated { $0.letRest() } }
    }

    private func letRest() {
        restTimer = nil
        awake.removeAll { $0.restsOrIsGone() }
        guard !awake.isEmpty else { return }
        restTimer = loop.schedule(at: loop.now + Self.restTime) { [unowned self] in assumeIsolated { $0.letRest() } }
    }

    /// Serves a connection again that rested.
    nonisolated func wake(_ number: Int) {
        assumeIsolated { server in
            guard let connection = server.connections[number] else { return }
            server.stayAwake(connection)
            Task(executorPreference: server.loop) { await server.goOn(number) }
        }
    }

    /// Has a new connection speak TLS where this server does. False when it does not; then nothing is left but to close it.
    private func secure(_ connection: HTTPConnection) async -> Bool {
        guard let context = options.current.tls else { return true }
        switch await connection.shakeHands(context) {
        case .done: return true
        case .plainClient:
            counters.rejections.add()
            options.handler.refuse(.plainOnTLSPort, HTTPResponder(connection, .rejected(connection.head)))
        case .failed:
            counters.failedHandshakes.add()
            connection.closeNow()
        }
        return false
    }

    // MARK: Stopping

    /// Stops to accept.
    func stopListening() {
        listener?.close()
        listener = nil
    }

    /// Ends idle connections at once and, the draining having been announced to all loops, the others with their next
    /// response; returns when all have ended.
    func drain() async {
        stopListening()
        for connection in connections.values { connection.endIfIdle() }
        await withUnsafeContinuation { continuation in
            // Asked here and not before: the task may be put off on its way into the wait.
            if connections.isEmpty { continuation.resume() } else { endWaiters.append(continuation) }
        }
    }

    /// Ends all connections at once.
    func abort() {
        stopListening()
        for connection in connections.values { connection.closeNow() }
    }
}
