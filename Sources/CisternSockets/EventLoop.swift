internal import CLinux
package import CisternBytes
internal import CisternLocks
internal import DequeModule
internal import Glibc
internal import Synchronization

/// What a descriptor is ready for.
package struct PollEvents: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let read = PollEvents(rawValue: EPOLLIN.rawValue)
    package static let write = PollEvents(rawValue: EPOLLOUT.rawValue)
    /// The peer has closed its side, or the connection failed. Always reported.
    package static let hangUp = PollEvents(rawValue: EPOLLHUP.rawValue | EPOLLERR.rawValue)

    /// Whether a read would find something: bytes, the peer's end, or what went wrong.
    package var callForRead: Bool {
        // On the bits: the literal of a set, in another module, is made by generic code for every event.
        rawValue & (PollEvents.read.rawValue | PollEvents.hangUp.rawValue) != 0
    }
}

/// What the loop calls when a registered descriptor is ready, on the loop's thread.
package protocol EventSource: AnyObject {
    func ready(_ events: PollEvents)
}

/// What has output to write once the current turn has produced all of it, on the loop's thread.
package protocol OutputSource: AnyObject {
    func flushOutput()
}

/// One thread that waits for sockets and timers and runs the Swift concurrency jobs of everything that lives on it.
///
/// It is `SerialExecutor` for the actors pinned to it and `TaskExecutor` for the tasks that prefer it. Both being one
/// object, in a task that prefers the loop a call of its actors, or between them, does not hop: it is a plain call. In
/// any other task such a call is a job of its own.
///
/// A turn: wait for events; hand them to their sources; run the jobs these have made ready; fire due timers; have those
/// who asked for it write out what the turn has produced, one system call per socket. Every step is bounded.
///
/// `@unchecked Sendable`, the only one in the house but for ``LoopBound``: what is not behind `inbox` or atomic is touched by the loop's own
/// thread alone, which `assertOnLoop` checks in debug builds.
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// Jobs run in one turn before output is written and events are looked at again.
    private static let jobsPerTurn = 4096
    private static let eventsPerWait = 256

    /// What other threads hand in.
    private struct Inbox {
        var jobs: [UnownedJob] = []
        var work: [@Sendable () -> Void] = []
        var state = ThreadState.parked
        /// Whether it was asked to stop, ever: what comes later runs, and then the thread ends again.
        var isStopped = false
        var parkWaiters: [@Sendable () -> Void] = []
        var isEmpty: Bool { jobs.isEmpty && work.isEmpty }
    }

    /// Can transition to: `running`, when there is something to do; `stopping`, when asked to stop; `parked`, when a
    /// stopping loop has nothing left to do and its thread has ended.
    private enum ThreadState { case parked, running, stopping }

    /// Who is called for a descriptor. The generation tells an event of a closed descriptor from one of its successor.
    private struct Slot {
        var generation: UInt32 = 0
        var source: (any EventSource)?
    }

    /// Names a registered descriptor.
    package struct Registration: Sendable {
        let descriptor: CInt
        let generation: UInt32
        var data: UInt64 { UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor)) }
    }

    /// Its place in its group, from 0.
    package let index: Int
    /// Memory for the buffers of this loop's connections.
    package let buffers = BufferPool()
    /// The time at which the current turn began.
    package var now: MonotonicTime { turnBegin }

    private let epoll: CInt
    private let wakeUp: CInt
    private let inbox = Locked(Inbox())
    private let isWoken = Atomic(false)

    // What every event and job touches is not checked at run time for overlapping accesses, which took a tenth of the time of
    // a request, measured. None calls out while it is changed.
    @exclusivity(unchecked) private var turnBegin = MonotonicTime.now
    @exclusivity(unchecked) private var ready = Deque<UnownedJob>()
    @exclusivity(unchecked) private var slots: [Slot] = []
    private var timers = TimerQueue()
    @exclusivity(unchecked) private var unflushed: [any OutputSource] = []
    private var flushing: [any OutputSource] = []

    /// Makes a loop; its thread starts with the first thing to do.
    package init(index: Int = 0) throws(SocketError) {
        self.index = index
        epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        wakeUp = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        guard epoll >= 0, wakeUp >= 0, watchWakeUp() else {
            throw SocketError(errno: errno, "creating an event loop")
        }
    }

    deinit {
        if epoll >= 0 { close(epoll) }
        if wakeUp >= 0 { close(wakeUp) }
    }

    private func watchWakeUp() -> Bool {
        cistern_epoll_control(epoll, EPOLL_CTL_ADD, wakeUp, EPOLLIN.rawValue, .max) == 0
    }

    // MARK: Which thread

    /// The loop whose thread this is.
    package static var current: EventLoop? {
        cistern_current_loop().map { Unmanaged<EventLoop>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whether the caller is on this loop's thread.
    package var isCurrent: Bool {
        cistern_current_loop() == UnsafeMutableRawPointer(Unmanaged.passUnretained(self).toOpaque())
    }

    package func assertOnLoop() {
        assert(isCurrent, "this may be done on the loop's own thread only")
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            ready.append(job)
        } else {
            handIn { $0.jobs.append(job) }
        }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    package func checkIsolated() {
        precondition(isCurrent, "this may be done on the loop's own thread only")
    }

    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    // MARK: From any thread

    /// Has `work` done on the loop's thread, soon.
    package func submit(_ work: @escaping @Sendable () -> Void) {
        handIn { $0.work.append(work) }
    }

    /// Lets the thread end once nothing is left to do: no job, no output, and no timer, since somebody may wait for it.
    /// What is handed in later starts it again for as long as it takes, so that no job is ever lost. A registered
    /// descriptor does not keep it: whoever owns one closes it first. Calls `done` when the thread is about to end.
    package func stop(_ done: @escaping @Sendable () -> Void = {}) {
        let isParked = inbox.withLock { inbox in
            inbox.isStopped = true
            if inbox.state == .parked { return true }
            inbox.state = .stopping
            inbox.parkWaiters.append(done)
            return false
        }
        if isParked { done() } else { wake() }
    }

    private func handIn(_ change: (inout Inbox) -> Void) {
        let starts = inbox.withLock { inbox in
            change(&inbox)
            guard inbox.state == .parked else { return false }
            inbox.state = inbox.isStopped ? .stopping : .running
            return true
        }
        if starts { startThread() }
        wake()
    }

    private func wake() {
        if !isWoken.exchange(true, ordering: .acquiringAndReleasing) {
            var one: UInt64 = 1
            _ = write(wakeUp, &one, 8)
        }
    }

    // MARK: On the loop

    /// Watches a descriptor. `source` is kept until the registration ends.
    package func register(
        _ descriptor: CInt, for events: PollEvents, _ source: any EventSource
    ) throws(SocketError) -> Registration {
        assertOnLoop()
        while slots.count <= Int(descriptor) { slots.append(Slot()) }
        slots[Int(descriptor)].generation &+= 1
        slots[Int(descriptor)].source = source
        let registration = Registration(descriptor: descriptor, generation: slots[Int(descriptor)].generation)
        guard cistern_epoll_control(epoll, EPOLL_CTL_ADD, descriptor, events.rawValue, registration.data) == 0 else {
            let code = errno
            slots[Int(descriptor)].source = nil
            throw SocketError(errno: code, "watching a socket")
        }
        return registration
    }

    package func change(_ registration: Registration, to events: PollEvents) {
        assertOnLoop()
        let result = cistern_epoll_control(
            epoll, EPOLL_CTL_MOD, registration.descriptor, events.rawValue, registration.data)
        precondition(result == 0, "a registered descriptor can be changed")
    }

    /// Ends a registration, to be called before its descriptor is closed.
    package func deregister(_ registration: Registration) {
        assertOnLoop()
        guard slots[Int(registration.descriptor)].generation == registration.generation else { return }
        // Taken out first: if this is the last reference, what ends with the source may come back here.
        let source = slots[Int(registration.descriptor)].source.take()
        slots[Int(registration.descriptor)].generation &+= 1
        _ = cistern_epoll_control(epoll, EPOLL_CTL_DEL, registration.descriptor, 0, 0)
        _ = consume source
    }

    /// Calls `action` at `deadline` or a little later, never earlier.
    package func schedule(at deadline: MonotonicTime, _ action: @escaping () -> Void) -> TimerID {
        assertOnLoop()
        // Not before what is due already, so that a timer which sets itself again cannot keep the others from their turn.
        return timers.schedule(at: max(deadline, now), action)
    }

    package func cancel(_ timer: TimerID) {
        assertOnLoop()
        // The action is dropped after the queue has been changed: what it keeps alive may cancel timers as it ends.
        let action = timers.cancel(timer)
        _ = consume action
    }

    /// Has `source` write its output at the end of the turn. To be asked for once per turn and source.
    package func flushAtEndOfTurn(_ source: any OutputSource) {
        assertOnLoop()
        unflushed.append(source)
    }

    // MARK: The thread

    private func startThread() {
        let result = DetachedThread.start(named: "cistern-loop-\(index)") { self.run() }
        precondition(result == 0, "cannot start a thread: \(String(cString: strerror(result)))")
    }

    private func run() {
        // A peer that closed must be an error of the write, never a signal, also where a library writes for us.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        cistern_set_current_loop(Unmanaged.passUnretained(self).toOpaque())

        let waiters = withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.eventsPerWait) { events in
            while true {
                turn(events)
                if let waiters = park() { return waiters }
            }
        }
        // From here on the loop may have another thread already.
        cistern_set_current_loop(nil)
        for done in waiters { done() }
    }

    private func turn(_ events: UnsafeMutableBufferPointer<epoll_event>) {
        let count = epoll_wait(epoll, events.baseAddress, CInt(events.count), waitMilliseconds)
        turnBegin = .now
        var isHandedIn = false
        for index in 0..<max(0, Int(count)) {
            let data = withUnsafePointer(to: events[index]) { cistern_epoll_data($0) }
            if data == .max {
                isHandedIn = true
            } else {
                dispatch(data, PollEvents(rawValue: events[index].events))
            }
        }
        if isHandedIn { takeHandedIn() }
        runJobs()
        fireTimers()
        runJobs()
        flush()
    }

    /// How long to wait for events: not at all when there is work, else until the next timer, rounded up.
    private var waitMilliseconds: CInt {
        if !ready.isEmpty || !unflushed.isEmpty { return 0 }
        guard let earliest = timers.earliest else { return -1 }
        // Cut before it is rounded up, so that the latest of all times does not overflow.
        let nanoseconds = min(earliest.since(.now).saturatingNanoseconds, 60_000_000_000)
        return CInt(max(0, nanoseconds + 999_999) / 1_000_000)
    }

    private func dispatch(_ data: UInt64, _ events: PollEvents) {
        let descriptor = Int(data & 0xFFFF_FFFF)
        guard slots[descriptor].generation == UInt32(data >> 32), let source = slots[descriptor].source else { return }
        source.ready(events)
    }

    private func takeHandedIn() {
        var value: UInt64 = 0
        _ = read(wakeUp, &value, 8)
        isWoken.store(false, ordering: .sequentiallyConsistent)
        let (jobs, work) = inbox.withLock { inbox in
            defer {
                inbox.jobs = []
                inbox.work = []
            }
            return (inbox.jobs, inbox.work)
        }
        ready.append(contentsOf: jobs)
        for work in work { work() }
    }

    private func runJobs() {
        var left = Self.jobsPerTurn
        while left > 0, let job = ready.popFirst() {
            job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            left -= 1
        }
    }

    private func fireTimers() {
        // Those that are due now and no more: what they schedule comes after them in the queue, even if it is due as well.
        var left = timers.count
        while left > 0, let action = timers.popDue(now) {
            action()
            left -= 1
        }
    }

    private func flush() {
        guard !unflushed.isEmpty else { return }
        swap(&unflushed, &flushing)
        for source in flushing { source.flushOutput() }
        flushing.removeAll(keepingCapacity: true)
    }

    /// Gives the thread up when the loop is stopping and has nothing left to do; the result is who wants to know.
    private func park() -> [@Sendable () -> Void]? {
        guard ready.isEmpty, unflushed.isEmpty, timers.count == 0 else { return nil }
        return inbox.withLock { inbox in
            guard inbox.state == .stopping, inbox.isEmpty else { return nil }
            inbox.state = .parked
            defer { inbox.parkWaiters = [] }
            return inbox.parkWaiters
        }
    }
}
