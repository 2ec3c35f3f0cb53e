package import CisternBytes

/// What a circuit breaker decides, without a clock, a lock or a task: time and outcomes go in.
///
/// Successes that can change nothing need not be told, so that they take no lock: see ``successesMatterFrom``.
package struct BreakerMachine: Sendable {
    /// In half-open, a probe each second, traffic or not.
    package static let trialProbePause: Duration = .seconds(1)
    /// Operations within a check interval from which on the rate of failures counts.
    package static let rateMinimum = 20

    private enum Phase: Sendable {
        /// Can transition to: `open`, when there were too many failures, in a row or by rate.
        case closed(RateWindow)
        /// Can transition to: `halfOpen`, when the reset timeout has passed or a probe succeeded; `closed`, by force.
        case open(Open)
        /// Can transition to: `closed`, when enough successes came in a row; `open`, with the first failure.
        case halfOpen(HalfOpen)
    }

    private struct Open: Sendable {
        let until: MonotonicTime
        var nextProbe: MonotonicTime
        var probe: Lease?
        /// Stays open until it is closed by force.
        var isForced = false
    }

    private struct HalfOpen: Sendable {
        var successes = 0
        /// What was let through and has not ended, the probe among them, the oldest first. One whose time is over holds no place;
        /// its outcome still counts.
        var leases: [Lease] = []
        /// The last probe's.
        var probe: UInt64?
        var nextProbe: MonotonicTime
    }

    /// Operations whose time is over that are remembered at most.
    private static let lateRemembered = 16

    /// The right to be in progress, for a time: what hangs or is never heard of again gives its place up.
    private struct Lease: Sendable {
        let number: UInt64
        let end: MonotonicTime
    }

    /// What may be done now for a probe.
    package enum ProbeStep: Sendable, Equatable {
        case rest
        case wait(until: MonotonicTime)
        case probe(BreakerPermit)
    }

    package let config: CircuitBreakerConfig
    private let hasProbe: Bool
    private var phase: Phase
    /// Counts up with each change of state: results that began in an earlier one are told by it.
    private(set) package var generation: UInt64 = 0
    private(set) package var consecutiveFailures = 0
    private var lastLease: UInt64 = 0
    private var changes: [CircuitBreaker.StateChange] = []

    package init(_ config: CircuitBreakerConfig, hasProbe: Bool) {
        self.config = CircuitBreakerConfig(
            maxFailures: config.maxFailures, resetTimeout: config.resetTimeout, checkInterval: config.checkInterval,
            successThreshold: config.successThreshold)
        self.hasProbe = hasProbe
        phase = .closed(RateWindow(interval: config.checkInterval))
    }

    package var state: CircuitBreaker.State {
        switch phase {
        case .closed: .closed
        case .open: .open
        case .halfOpen: .halfOpen
        }
    }

    /// Until when it certainly refuses everything; nil when it may let something through.
    package var refusesUntil: MonotonicTime? {
        guard case .open(let open) = phase else { return nil }
        return open.isForced ? .distantFuture : open.until
    }

    /// When trying again may help: at the next probe, or when operations are let through on trial.
    package var nextTry: MonotonicTime {
        switch phase {
        case .closed: MonotonicTime(nanoseconds: .min)
        case .open(let open) where open.isForced: .distantFuture
        case .open(let open): hasProbe ? min(open.until, open.nextProbe) : open.until
        case .halfOpen(let trial): trial.nextProbe
        }
    }

    /// Closed, it need not be told of successes before this time: it is enough that they are in the sum that comes with
    /// the next outcome that it is told.
    package var successesMatterFrom: MonotonicTime {
        guard case .closed(let window) = phase, consecutiveFailures == 0 else {
            return MonotonicTime(nanoseconds: .min)
        }
        return window.successesMatterFrom
    }

    /// The changes since the last call, in order.
    package mutating func takeChanges() -> [CircuitBreaker.StateChange] {
        defer { changes = [] }
        return changes
    }

    // MARK: Operations

    /// Asks for an operation to be let through; nil when it is not.
    package mutating func admit(_ now: MonotonicTime) -> BreakerPermit? {
        switch phase {
        case .closed: return BreakerPermit(generation: generation, lease: 0)
        case .open(let open):
            guard !open.isForced, now >= open.until else { return nil }
            beginTrial(now, successes: 0)
            return lease(now)
        case .halfOpen: return lease(now)
        }
    }

    private mutating func lease(_ now: MonotonicTime) -> BreakerPermit? {
        guard case .halfOpen(var trial) = phase, hasPlace(trial, now) else { return nil }
        let new = newLease(now)
        add(new, to: &trial)
        phase = .halfOpen(trial)
        return BreakerPermit(generation: generation, lease: new.number)
    }

    private func hasPlace(_ trial: HalfOpen, _ now: MonotonicTime) -> Bool {
        trial.leases.count { $0.end > now } < config.successThreshold
    }

    private func add(_ lease: Lease, to trial: inout HalfOpen) {
        // The oldest is one whose time is over: the others are fewer.
        if trial.leases.count >= config.successThreshold + Self.lateRemembered { trial.leases.removeFirst() }
        trial.leases.append(lease)
    }

    private mutating func newLease(_ now: MonotonicTime) -> Lease {
        lastLease += 1
        return Lease(number: lastLease, end: now + config.checkInterval)
    }

    /// Notes how an operation ended that had been let through.
    ///
    /// - Parameter successes: The successes there have been since the beginning, this one not included.
    package mutating func finish(
        _ permit: BreakerPermit, _ outcome: BreakerOutcome, successes: Int, _ now: MonotonicTime
    ) {
        guard permit.generation == generation else { return }
        switch phase {
        case .closed(var window):
            guard outcome != .ignored else { return }
            consecutiveFailures = outcome == .failure ? consecutiveFailures + 1 : 0
            window.note(isFailure: outcome == .failure, successes: successes, now)
            phase = .closed(window)
            if consecutiveFailures >= config.maxFailures || window.isBad { open(now) }
        case .open(var open):
            // Nothing but the probe is in progress in this state.
            guard permit.lease == open.probe?.number else { return }
            open.probe = nil
            phase = .open(open)
            if outcome == .success, !open.isForced { beginTrial(now, successes: 1) }
        case .halfOpen(var trial):
            guard let index = trial.leases.firstIndex(where: { $0.number == permit.lease }) else { return }
            trial.leases.remove(at: index)
            if outcome == .success { trial.successes += 1 }
            phase = .halfOpen(trial)
            if outcome == .failure { return open(now) }
            if trial.successes >= config.successThreshold { close() }
        }
    }

    // MARK: Probes

    /// What the probe should do now. A probe that is to begin has been noted; its end comes by `finish`.
    package mutating func probeStep(_ now: MonotonicTime) -> ProbeStep {
        guard hasProbe else { return .rest }
        switch phase {
        case .closed: return .rest
        case .open(var open):
            if open.isForced { return .rest }
            if now >= open.until {
                beginTrial(now, successes: 0)
                return probeStep(now)
            }
            // One that hangs is forgotten when its lease ends.
            if let probe = open.probe, probe.end > now { return .wait(until: min(open.until, probe.end)) }
            guard now >= open.nextProbe else { return .wait(until: min(open.until, open.nextProbe)) }
            let new = newLease(now)
            open.probe = new
            open.nextProbe = now + config.checkInterval
            phase = .open(open)
            return .probe(BreakerPermit(generation: generation, lease: new.number))
        case .halfOpen(var trial):
            // One that hangs gives way when its lease ends, as in the open state.
            let ends = trial.leases.filter { $0.end > now }
            if let probe = ends.first(where: { $0.number == trial.probe }) { return .wait(until: probe.end) }
            guard now >= trial.nextProbe else { return .wait(until: trial.nextProbe) }
            guard hasPlace(trial, now) else { return .wait(until: ends.map(\.end).min() ?? now) }
            let new = newLease(now)
            add(new, to: &trial)
            trial.probe = new.number
            trial.nextProbe = now + Self.trialProbePause
            phase = .halfOpen(trial)
            return .probe(BreakerPermit(generation: generation, lease: new.number))
        }
    }

    /// Has the next probe made at once: there is reason to hope.
    package mutating func hurryProbe(_ now: MonotonicTime) {
        switch phase {
        case .closed: break
        case .open(var open):
            open.nextProbe = min(open.nextProbe, now)
            phase = .open(open)
        case .halfOpen(var trial):
            trial.nextProbe = min(trial.nextProbe, now)
            phase = .halfOpen(trial)
        }
    }

    // MARK: By force

    /// Opens it until it is closed by force; no probe and no trial.
    package mutating func forceOpen(_ now: MonotonicTime) {
        if case .open(var open) = phase {
            open.isForced = true
            phase = .open(open)
        } else {
            open(now, isForced: true)
        }
    }

    /// Closes it, as if nothing had failed.
    package mutating func forceClosed() {
        if case .closed = phase {
            consecutiveFailures = 0
            phase = .closed(RateWindow(interval: config.checkInterval))
        } else {
            close()
        }
    }

    // MARK: Changes

    private mutating func open(_ now: MonotonicTime, isForced: Bool = false) {
        change(
            to: .open(
                Open(until: now + config.resetTimeout, nextProbe: now + config.checkInterval, isForced: isForced)))
    }

    private mutating func beginTrial(_ now: MonotonicTime, successes: Int) {
        change(to: .halfOpen(HalfOpen(successes: successes, nextProbe: now)))
        if successes >= config.successThreshold { close() }
    }

    private mutating func close() {
        consecutiveFailures = 0
        change(to: .closed(RateWindow(interval: config.checkInterval)))
    }

    private mutating func change(to next: Phase) {
        let old = state
        phase = next
        generation += 1
        changes.append(CircuitBreaker.StateChange(from: old, to: state))
    }
}

/// The right to carry out one operation, to be given back with its outcome.
package struct BreakerPermit: Sendable, Hashable {
    /// The state that it was given in.
    package let generation: UInt64
    /// The number of the lease in a state that has them; else 0.
    let lease: UInt64
}

/// How an operation counts.
package enum BreakerOutcome: Sendable, Hashable {
    case success
    case failure
    /// It says nothing about the other side: the caller cancelled, or it never got there.
    case ignored
}
