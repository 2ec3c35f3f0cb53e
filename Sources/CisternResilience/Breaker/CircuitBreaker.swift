package import CisternBytes
internal import CisternLocks
internal import Synchronization

/// Keeps callers from waiting for something that does not work at the moment, and finds out when it works again.
///
/// Closed, it lets everything through and counts. After ``CircuitBreakerConfig/maxFailures`` failures in a row, or when half
/// of at least 20 operations within ``CircuitBreakerConfig/checkInterval`` failed, it opens: it refuses everything at once and
/// says when to try again. After ``CircuitBreakerConfig/resetTimeout``, or when its probe succeeded, it is half open: no more
/// than ``CircuitBreakerConfig/successThreshold`` operations at a time are let through, and so many successes in a row close it;
/// one failure opens it again. What began before a change of state counts no more after it.
///
/// Any thread and task may use it. Closed, it costs two atomic operations a call.
public final class CircuitBreaker: Sendable {
    /// What the breaker does with operations.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Lets everything through.
        case closed
        /// Refuses everything.
        case open
        /// Lets a few through, on trial.
        case halfOpen = "half_open"
    }

    /// A change of state.
    public struct StateChange: Sendable, Hashable {
        /// The state before it.
        public let from: State
        /// The state after it.
        public let to: State
    }

    /// The generation of the closed state shifted left, and 1; 0 when not closed.
    private let word: Atomic<UInt64>
    /// Nanoseconds: closed, successes before then are counted and nothing else.
    private let successesMatterFrom = Atomic(Int64.min)
    /// Nanoseconds: until then everything is refused.
    private let refusesUntil = Atomic(Int64.min)
    /// Nanoseconds: when trying again may help.
    private let nextTry = Atomic(Int64.min)
    /// Without those that came too late to count.
    private let successes = Atomic(0)
    private let refusals = Atomic(0)
    private let record: Locked<Record>
    private let feed = ChangeFeed<StateChange>()
    private let resetTimeout: Duration
    private let scheduler: any Scheduler
    private let driver: Driver

    private struct Record {
        var machine: BreakerMachine
        var lateSuccesses = 0
        var failures = 0
        var opened = 0
        var halfOpened = 0
        var closed = 0
        var probes = 0
        var changedAt: MonotonicTime
    }

    /// A closed breaker.
    ///
    /// - Parameters:
    ///   - probe: Finds out whether the other side is there, and throws if it is not. It runs while the breaker is not closed,
    ///     and is cancelled when it takes longer than the check interval; there is no other one before it has ended. Without
    ///     one, the breaker is half open when its reset timeout has passed and something is asked of it.
    public convenience init(
        _ config: CircuitBreakerConfig = CircuitBreakerConfig(), probe: (@Sendable () async throws -> Void)? = nil
    ) {
        self.init(config, scheduler: SystemScheduler(), outcomeOfProbe: probe.map(Self.outcome(of:)))
    }

    package init(
        _ config: CircuitBreakerConfig, scheduler: any Scheduler,
        outcomeOfProbe: (@Sendable () async -> BreakerOutcome)?
    ) {
        self.scheduler = scheduler
        resetTimeout = config.resetTimeout
        let machine = BreakerMachine(config, hasProbe: outcomeOfProbe != nil)
        word = Atomic(Self.word(of: machine))
        record = Locked(Record(machine: machine, changedAt: scheduler.now))
        driver = Driver(scheduler)
        driver.drive(
            { [weak self] now in
                guard let self, let outcomeOfProbe else { return .rest }
                return probeStep(now, outcomeOfProbe)
            }, decided: feed.deliver)
    }

    /// Ends its probe for good. Operations are admitted and counted as before; a breaker that is open then closes by them alone.
    public func close() async { await driver.close() }

    // MARK: Around an operation

    /// Carries out an operation, unless the breaker is open.
    ///
    /// - Parameter countsAsFailure: Whether an error says that the other side does not work. One of a cancelled task counts not at
    ///   all; of the others, all do unless told otherwise, and one that does not is a success: there was an answer.
    /// - Throws: ``CircuitOpenError`` when it was not let through, else what the operation throws.
    public func execute<Answer>(
        countsAsFailure: (any Error) -> Bool = { _ in true }, _ operation: () async throws -> Answer
    ) async throws -> Answer {
        guard let permit = admit(scheduler.now) else { throw CircuitOpenError(retryAfter: retryAfter ?? .zero) }
        do {
            let answer = try await operation()
            finish(permit, .success, scheduler.now)
            return answer
        } catch {
            let outcome: BreakerOutcome =
                Task.isCancelled || error is CancellationError ? .ignored : countsAsFailure(error) ? .failure : .success
            finish(permit, outcome, scheduler.now)
            throw error
        }
    }

    /// Asks for an operation to be let through; nil when it is refused. Whoever gets a permit gives it to `finish`.
    package func admit(_ now: MonotonicTime) -> BreakerPermit? {
        let word = word.load(ordering: .acquiring)
        if word & Self.isClosed != 0 { return BreakerPermit(generation: word >> 1, lease: 0) }
        let permit =
            now.nanoseconds < refusesUntil.load(ordering: .relaxed) ? nil : change { $0.machine.admit(now) }
        if permit == nil { refusals.wrappingAdd(1, ordering: .relaxed) }
        return permit
    }

    /// Notes how an operation ended.
    package func finish(_ permit: BreakerPermit, _ outcome: BreakerOutcome, _ now: MonotonicTime) {
        let isPlain =
            word.load(ordering: .relaxed) == permit.generation << 1 | Self.isClosed
            && now.nanoseconds < successesMatterFrom.load(ordering: .relaxed)
        if outcome != .failure, isPlain {
            if outcome == .success { successes.wrappingAdd(1, ordering: .relaxed) }
            return
        }
        change { record in
            var before = successes.load(ordering: .relaxed)
            if outcome == .failure { record.failures += 1 }
            if outcome == .success {
                if permit.generation == record.machine.generation {
                    before = successes.wrappingAdd(1, ordering: .relaxed).oldValue
                } else {
                    record.lateSuccesses += 1
                }
            }
            record.machine.finish(permit, outcome, successes: before, now)
        }
    }

    // MARK: State

    /// What it does with operations now.
    public var state: State { record.withLock { $0.machine.state } }

    /// Whether everything is let through; one atomic read.
    package var isClosed: Bool { word.load(ordering: .relaxed) & Self.isClosed != 0 }

    /// How long until trying again may help, at most ``CircuitBreakerConfig/resetTimeout``; nil while everything is let through.
    public var retryAfter: Duration? {
        guard !isClosed else { return nil }
        let wait = MonotonicTime(nanoseconds: nextTry.load(ordering: .relaxed)).since(scheduler.now)
        // Opened by force, it does not know.
        return max(.zero, min(wait, resetTimeout))
    }

    /// Has `observer` called with every change of state, in order and outside any lock, by whoever caused it: it must be short.
    public func observe(_ observer: @escaping @Sendable (StateChange) -> Void) { feed.observe(observer) }

    /// Opens it until ``forceClosed()`` is called: no probe, no trial.
    public func forceOpen() { change { $0.machine.forceOpen(scheduler.now) } }

    /// Closes it as if nothing had failed; later failures count as ever.
    public func forceClosed() { change { $0.machine.forceClosed() } }

    /// Has the probe run at once, if it is not closed: there is reason to hope.
    package func hurryProbe() {
        guard !isClosed else { return }
        change { $0.machine.hurryProbe(scheduler.now) }
    }

    /// Changes the machine, and then everything that hangs on its state.
    @discardableResult
    private func change<Result: Sendable>(_ body: (inout Record) -> Result) -> Result {
        let (result, isNew) = record.withLock { record in
            let result = body(&record)
            return (result, publish(&record))
        }
        // The driver delivers changes as well.
        if !isClosed || isNew { driver.update() }
        return result
    }

    /// Shows the machine's state to the atomic words and to the feed; true when it is another one.
    @discardableResult
    private func publish(_ record: inout Record) -> Bool {
        word.store(Self.word(of: record.machine), ordering: .releasing)
        successesMatterFrom.store(record.machine.successesMatterFrom.nanoseconds, ordering: .relaxed)
        refusesUntil.store(record.machine.refusesUntil?.nanoseconds ?? .min, ordering: .relaxed)
        nextTry.store(record.machine.nextTry.nanoseconds, ordering: .relaxed)
        let changes = record.machine.takeChanges()
        for change in changes {
            switch change.to {
            case .open: record.opened += 1
            case .halfOpen: record.halfOpened += 1
            case .closed: record.closed += 1
            }
            record.changedAt = scheduler.now
            feed.post(change)
        }
        return !changes.isEmpty
    }

    private static let isClosed: UInt64 = 1

    private static func word(of machine: BreakerMachine) -> UInt64 {
        machine.state == .closed ? machine.generation << 1 | isClosed : 0
    }

    // MARK: Probe

    private func probeStep(_ now: MonotonicTime, _ run: @escaping @Sendable () async -> BreakerOutcome) -> Step {
        let (step, limit) = record.withLock { record in
            let step = record.machine.probeStep(now)
            if case .probe = step { record.probes += 1 }
            publish(&record)
            return (step, record.machine.config.checkInterval)
        }
        return switch step {
        case .rest: .rest
        case .wait(let deadline): .wait(until: deadline)
        case .probe(let permit):
            .run { [weak self, scheduler] in
                let outcome = await Self.limited(run, until: now + limit, scheduler)
                self?.finish(permit, outcome, scheduler.now)
            }
        }
    }

    // MARK: Statistics

    /// What a breaker has done and how it stands.
    public struct Statistics: Sendable, Hashable {
        /// What it does with operations now.
        public var state: State
        /// For how long it has done so.
        public var inStateFor: Duration
        /// Failures in a row, while it is closed.
        public var consecutiveFailures: Int
        /// Operations and probes that succeeded.
        public var successes: Int
        /// Operations and probes that failed.
        public var failures: Int
        /// Operations that were not let through.
        public var refusals: Int
        /// How often it opened.
        public var opened: Int
        /// How often it became half open.
        public var halfOpened: Int
        /// How often it closed again.
        public var closed: Int
        /// How often the probe was made.
        public var probes: Int
        /// How long until trying again may help; nil while everything is let through.
        public var retryAfter: Duration?

        /// Of a breaker that has done nothing.
        package static let closed = Statistics(
            state: .closed, inStateFor: .zero, consecutiveFailures: 0, successes: 0, failures: 0, refusals: 0,
            opened: 0, halfOpened: 0, closed: 0, probes: 0, retryAfter: nil)
    }

    /// What it has done and how it stands, from any thread without waiting.
    public var statistics: Statistics {
        let retryAfter = retryAfter
        return record.withLock { record in
            Statistics(
                state: record.machine.state, inStateFor: scheduler.now.since(record.changedAt),
                consecutiveFailures: record.machine.consecutiveFailures,
                successes: successes.load(ordering: .relaxed) + record.lateSuccesses, failures: record.failures,
                refusals: refusals.load(ordering: .relaxed), opened: record.opened, halfOpened: record.halfOpened,
                closed: record.closed, probes: record.probes, retryAfter: retryAfter)
        }
    }
}
