package import CisternBytes
package import CisternSockets

/// One client's connection. It belongs to one ``HTTPLoop`` and is touched on that loop alone.
///
/// Requests are read and answered one after the other; what a client pipelines waits in its buffer and then in the
/// kernel's, so answers are in order and a client that does not read cannot fill our memory. In one turn of the loop a
/// connection does a bounded part of its work, and then the others have theirs.
package final class HTTPConnection: EventSource, OutputSource {
    /// What ends the wait for bytes.
    enum Arrival {
        case bytes
        /// The peer has ended its side.
        case end
        /// The deadline of the phase has passed.
        case timeout
        /// Nothing has come for a while, between requests.
        case rest
        /// The connection is gone.
        case gone
    }

    /// What is waited for, if something is.
    enum Wait {
        /// The rest of a request, or the end.
        case busy
        /// A request of which nothing has come.
        case request
        /// The same, and the server has looked once already.
        case requestForLong
    }

    /// What follows when its handler serves it no longer.
    enum Serving {
        /// Another handler serves it.
        case goesOn
        /// It rests until something happens.
        case rests
        /// Its end.
        case over
    }

    let head = HTTPRequestHead()
    // Written and read by every request in calls that never lead back here; to check that at run time took a tenth of a
    // request's time, measured.
    @exclusivity(unchecked) var stream: SocketStream
    @exclusivity(unchecked) var parser: HTTPRequestParser
    @exclusivity(unchecked) var wait = Wait.busy
    @exclusivity(unchecked) var lastByte: MonotonicTime
    @exclusivity(unchecked) var written = 0
    /// Whether the response has been written.
    @exclusivity(unchecked) var hasResponded = false
    @exclusivity(unchecked) var closesAfterResponse = false

    let loop: EventLoop
    let number: Int
    let server: HTTPLoop
    let counters: HTTPCounters
    let clock: HTTPLoopClock
    let options: HTTPLoopOptions
    var arrivalWaiter: UnsafeContinuation<Arrival, Never>?
    /// Whether there is no task that serves it, until something happens.
    var isResting = false
    /// What ended the rest, for who waits for it next.
    var wakeUp: Arrival?
    var drainWaiter: UnsafeContinuation<Bool, Never>?
    /// Whether the socket is the TLS handshake's, which reads and writes by itself.
    var isShakingHands = false
    var isFlushScheduled = false
    var responsesInTurn = 0
    var readsInTurn = 0
    /// Why the handler has been given no other request; its end also when the handler has not asked for one.
    var serving = Serving.over
    /// Whether a handler has been given a request, and not yet asked for the next one.
    var isAnswering = false
    /// Whether a request has been read, and is for the handler that has taken another one's place.
    var isRequestKept = false
    /// Whether all of the current request has been read.
    var isRequestRead = true
    /// Whether the peer has ended its side.
    var hasPeerEnded = false

    /// One timer, armed again only when it fires before the deadline that then holds: a request costs no timer.
    private var timer: TimerID?
    private var timerAt = MonotonicTime.distantFuture
    var readDeadline: MonotonicTime
    var writeDeadline = MonotonicTime.distantFuture

    /// - Parameter number: What the server calls it.
    init(
        accepted descriptor: CInt, number: Int, server: HTTPLoop, clock: HTTPLoopClock, options: HTTPLoopOptions
    ) {
        self.number = number
        self.server = server
        counters = server.counters
        self.clock = clock
        self.options = options
        loop = server.loop
        stream = SocketStream(accepted: descriptor, loop: server.loop)
        parser = HTTPRequestParser(limits: options.current.limits)
        lastByte = server.loop.now
        readDeadline = server.loop.now + options.current.idleTimeout
    }

    func start() throws(SocketError) {
        try stream.start(self)
    }

    /// When the last byte of the current request, or of the one that was answered last, had come.
    package var requestEnd: MonotonicTime { lastByte }
    /// Bytes of content of the last response, as far as it has been written.
    package var contentSent: Int { written }
    var isOpen: Bool { stream.isOpen }
    var loopIndex: Int { loop.index }
    /// Who is at the other end; nil where the connection is gone.
    package var peer: SocketAddress? { isOpen ? stream.peerAddress : nil }

    // MARK: Events

    package func ready(_ events: PollEvents) {
        guard !isShakingHands else { return resumeArrival(.bytes) }
        readsInTurn = 0
        responsesInTurn = 0
        if events.contains(.write) { flushOutput() }
        guard isOpen, events.callForRead else { return }
        if isWaiting {
            if let arrival = read() { resumeArrival(arrival) }
        } else if events.contains(.hangUp) {
            closeNow()
        } else {
            // A request is being answered; the next one may wait where it is.
            stream.setReading(false)
        }
    }

    /// Whether somebody waits, or would if it did not rest, for the next bytes.
    var isWaiting: Bool { arrivalWaiter != nil || isResting }

    func resumeArrival(_ arrival: Arrival) {
        if let waiter = arrivalWaiter {
            arrivalWaiter = nil
            waiter.resume(returning: arrival)
        } else if isResting {
            isResting = false
            counters.resting.add(-1)
            wakeUp = arrival
            server.wake(number)
        }
    }

    func resumeDrain(_ isOpen: Bool) {
        guard let waiter = drainWaiter else { return }
        drainWaiter = nil
        waiter.resume(returning: isOpen)
    }

    // MARK: Time

    /// Has the timer fire no later than the deadlines that hold: while a request is being answered nothing is waited
    /// for, and the answer has a deadline of its own.
    func armTimer() {
        let deadline = isWaiting ? min(readDeadline, writeDeadline) : writeDeadline
        guard isOpen, deadline < timerAt else { return }
        if let timer { loop.cancel(timer) }
        timerAt = deadline
        timer = loop.schedule(at: deadline) { [unowned self] in timerFired() }
    }

    private func timerFired() {
        timer = nil
        timerAt = .distantFuture
        if loop.now >= writeDeadline { return closeNow() }
        if loop.now >= readDeadline { resumeArrival(.timeout) }
        armTimer()
    }

    /// Closes at once. Doing it twice is fine.
    package func closeNow() {
        guard stream.isOpen else { return }
        if let timer { loop.cancel(timer) }
        timer = nil
        stream.close()
        resumeArrival(.gone)
        resumeDrain(false)
    }
}
