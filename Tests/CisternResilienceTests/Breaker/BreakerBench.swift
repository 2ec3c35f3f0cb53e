import CisternBytes
import CisternResilience

extension [CircuitBreaker.StateChange] {
    /// The states that these changes lead through; nil in the place of each gap between two.
    var states: [CircuitBreaker.State?] {
        guard let first else { return [] }
        var states: [CircuitBreaker.State?] = [first.from]
        for change in self {
            if change.from != states.last { states.append(nil) }
            states.append(change.to)
        }
        return states
    }
}

/// A breaker's machine with its time and its owner, who does not tell it what it need not know.
struct BreakerBench {
    var machine: BreakerMachine
    var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    private var successes = 0

    init(
        maxFailures: Int = 5, resetTimeout: Duration = .seconds(30), checkInterval: Duration = .seconds(10),
        successThreshold: Int = 2, hasProbe: Bool = true
    ) {
        let config = CircuitBreakerConfig(
            maxFailures: maxFailures, resetTimeout: resetTimeout, checkInterval: checkInterval,
            successThreshold: successThreshold)
        self.init(config, hasProbe: hasProbe)
    }

    init(_ config: CircuitBreakerConfig, hasProbe: Bool) { machine = BreakerMachine(config, hasProbe: hasProbe) }

    var state: CircuitBreaker.State { machine.state }

    mutating func pass(_ duration: Duration) { now = now + duration }

    mutating func admit() -> BreakerPermit? { machine.admit(now) }

    mutating func finish(_ permit: BreakerPermit?, _ outcome: BreakerOutcome) {
        guard let permit else { return }
        let isCurrent = permit.generation == machine.generation
        defer { if outcome == .success, isCurrent { successes += 1 } }
        if outcome == .success, isCurrent, state == .closed, now < machine.successesMatterFrom { return }
        machine.finish(permit, outcome, successes: successes, now)
    }

    /// Lets operations through that end at once.
    mutating func operate(_ outcomes: BreakerOutcome..., times: Int = 1) {
        for _ in 0..<times {
            for outcome in outcomes { finish(admit(), outcome) }
        }
    }

    /// What the probe is told to do.
    mutating func probeStep() -> BreakerMachine.ProbeStep { machine.probeStep(now) }

    /// The permit of a probe that is to begin now; nil when it is not to.
    mutating func beginProbe() -> BreakerPermit? {
        if case .probe(let permit) = probeStep() { permit } else { nil }
    }

    /// How long the probe is told to wait; nil when it is told something else.
    mutating func probeWait() -> Duration? {
        if case .wait(let deadline) = probeStep() { deadline.since(now) } else { nil }
    }

    /// Lets time pass until a probe is to begin; nil when none is.
    mutating func waitForProbe() -> BreakerPermit? {
        for _ in 0..<10 {
            switch probeStep() {
            case .rest: return nil
            case .wait(let deadline): now = deadline
            case .probe(let permit): return permit
            }
        }
        return nil
    }

    /// A machine that has just opened.
    static func opened(successThreshold: Int = 2, hasProbe: Bool = true) -> BreakerBench {
        var bench = BreakerBench(maxFailures: 1, successThreshold: successThreshold, hasProbe: hasProbe)
        bench.operate(.failure)
        return bench
    }

    /// A machine that has just become half open, because its probe succeeded.
    static func onTrial(successThreshold: Int = 2) -> BreakerBench {
        var bench = opened(successThreshold: successThreshold)
        bench.pass(.seconds(10))
        bench.finish(bench.beginProbe(), .success)
        return bench
    }
}
