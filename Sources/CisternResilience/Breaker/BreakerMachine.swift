package import CisternBytes

/// What a circuit breaker decides, without a clock, a lock or a task: time and outcomes go in.
///
/// The owner counts successes that change nothing (closed, no failure before them) and tells their sum with each failure.
package struct BreakerMachine: Sendable {
    /// In half-open, a probe each second, traffic or not.
    package static let trialProbePause: Duration = .seconds(1)
    /// Operations within `checkInterval` from which on the rate of failures counts.
    package static let rateMinimum = 20

    private enum Phase: Sendable {
        /// Can transition to: `open`, when there were too many failures, in a row or by rate.
        case closed(Closed)
        /// Can transition to: `halfOpen`, when the reset timeout has passed or a probe succeeded; `closed`, by force.
        case open(Open)
        /// Can transition to: `closed`, when enough successes came in a row; `open`, with the first failure.
        case halfOpen(HalfOpen)
    }

    private struct Closed: Sendable {
        /// Failures within a check interval, which begins with the first of them.
        var windowEnd = MonotonicTime(nanoseconds: .min)
        var failures = 0
        var successesBefore = 0
    }

    private struct Open: Sendable {
        let until: MonotonicTime
        var nextProbe: MonotonicTime
        var probe: Lease?
        /// The next probe was asked for while one was in progress.
        var isHurried = false
        /// Stays open until it is closed by force.
        var isForced = false
    }

    private struct HalfOpen: Sendable {
        var successes = 0
        /// Operations on trial, the probe among them.
        var leases: [Lease] = []
        var probe: UInt64?
        var nextProbe: MonotonicTime
    }

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
    private var phase = Phase.closed(Closed())
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
        guard case .halfOpen(var trial) = phase else { return nil }
        trial.leases.removeAll { $0.end <= now }
        defer { phase = .halfOpen(trial) }
        guard trial.leases.count < config.successThreshold else { return nil }
        let new = newLease(now)
        trial.leases.append(new)
        return BreakerPermit(generation: generation, lease: new.number)
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
        case .closed(var closed):
            switch outcome {
            case .ignored: return
            case .success: consecutiveFailures = 0
            case .failure:
                consecutiveFailures += 1
                if now >= closed.windowEnd {
                    closed = Closed(windowEnd: now + config.checkInterval, failures: 0, successesBefore: successes)
                }
                closed.failures += 1
                phase = .closed(closed)
                let all = closed.failures + successes - closed.successesBefore
                if consecutiveFailures >= config.maxFailures || all >= Self.rateMinimum && closed.failures * 2 >= all {
                    open(now)
                }
            }
        case .open(var open):
            // Nothing but the probe is in progress in this state.
            guard permit.lease == open.probe?.number else { return }
            open.probe = nil
            open.nextProbe = open.isHurried ? now : now + config.checkInterval
            open.isHurried = false
            phase = .open(open)
            if outcome == .success, !open.isForced { beginTrial(now, successes: 1) }
        case .halfOpen(var trial):
            guard let index = trial.leases.firstIndex(where: { $0.number == permit.lease }) else { return }
            trial.leases.remove(at: index)
            if trial.probe == permit.lease {
                trial.probe = nil
                trial.nextProbe = now + Self.trialProbePause
            }
            if outcome == .success { trial.successes += 1 }
            phase = .halfOpen(trial)
            if outcome == .failure { return open(now) }
            if trial.successes >= config.successThreshold { close(now) }
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
            phase = .open(open)
            return .probe(BreakerPermit(generation: generation, lease: new.number))
        case .halfOpen(var trial):
            trial.leases.removeAll { $0.end <= now }
            if let probe = trial.probe, !trial.leases.contains(where: { $0.number == probe }) { trial.probe = nil }
            defer { phase = .halfOpen(trial) }
            let firstEnd = trial.leases.map(\.end).min()
            if trial.probe != nil, let firstEnd { return .wait(until: firstEnd) }
            guard now >= trial.nextProbe else { return .wait(until: trial.nextProbe) }
            if trial.leases.count >= config.successThreshold, let firstEnd { return .wait(until: firstEnd) }
            let new = newLease(now)
            trial.leases.append(new)
            trial.probe = new.number
            return .probe(BreakerPermit(generation: generation, lease: new.number))
        }
    }

    /// Has the next probe made at once: there is reason to hope.
    package mutating func hurryProbe(_ now: MonotonicTime) {
        switch phase {
        case .closed: break
        case .open(var open):
            open.nextProbe = min(open.nextProbe, now)
            open.isHurried = open.probe != nil
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
    package mutating func forceClosed(_ now: MonotonicTime) {
        if case .closed = phase {
            consecutiveFailures = 0
            phase = .closed(Closed())
        } else {
            close(now)
        }
    }

    // MARK: Changes

    private mutating func open(_ now: MonotonicTime, isForced: Bool = false) {
        change(
            to: .open(
                Open(until: now + config.resetTimeout, nextProbe: now + config.checkInterval, isForced: isForced)),
            now)
    }

    private mutating func beginTrial(_ now: MonotonicTime, successes: Int) {
        change(to: .halfOpen(HalfOpen(successes: successes, nextProbe: now)), now)
        if successes >= config.successThreshold { close(now) }
    }

    private mutating func close(_ now: MonotonicTime) {
        consecutiveFailures = 0
        change(to: .closed(Closed()), now)
    }

    private mutating func change(to next: Phase, _ now: MonotonicTime) {
        let old = state
        phase = next
        generation += 1
        changes.append(CircuitBreaker.StateChange(from: old, to: state))
    }
}

/// The right to carry out one operation, to be given back with its outcome.
package struct BreakerPermit: Sendable, Hashable {
    let generation: UInt64
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
