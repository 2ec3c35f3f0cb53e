internal import CisternBytes
internal import CisternResilience
internal import Synchronization

/// What stands around a client's operations: two circuit breakers and a health checker, and what they tell each other.
///
/// One breaker guards every operation. A second one of the same settings guards writes alone: a server that takes no writes
/// (a replica, a full disk) still answers reads.
final class RedisGuard: Sendable {
    /// What an operation was let through by; the second where it is a write.
    struct Permit: Sendable {
        fileprivate let all: BreakerPermit
        fileprivate let writes: BreakerPermit?
    }

    let breaker: CircuitBreaker
    let writeBreaker: CircuitBreaker
    let health: HealthChecker
    private let prober: RedisProber
    private let degradation: Degradation

    init(_ config: RedisGuardConfig, options: RedisConnectionOptions, scheduler: any Scheduler) {
        let prober = RedisProber(limit: min(options.timeouts.read, config.breaker.checkInterval))
        self.prober = prober
        breaker = CircuitBreaker(config.breaker, scheduler: scheduler) { await prober.probe() }
        writeBreaker = CircuitBreaker(config.breaker, scheduler: scheduler) { await prober.probeWriting() }
        health = HealthChecker(
            HealthCheckerConfig(
                interval: config.healthCheckInterval, checkInterval: config.breaker.checkInterval,
                successThreshold: config.breaker.successThreshold),
            scheduler: scheduler, lastReply: { prober.lastReply }, check: { await prober.check() })
        // When the server is found to be there, or not, the others look at once.
        breaker.observe { [weak health, weak writeBreaker] change in
            health?.checkNow()
            if change.to == .closed { writeBreaker?.hurryProbe() }
        }
        health.observe { [weak breaker] change in
            if change.to == .healthy { breaker?.hurryProbe() }
        }
        let degradation = Degradation()
        self.degradation = degradation
        breaker.observe { degradation.note(.breaker, isWell: $0.to == .closed) }
        writeBreaker.observe { degradation.note(.writeBreaker, isWell: $0.to == .closed) }
        health.observe { degradation.note(.health, isWell: $0.to == .healthy) }
    }

    /// Since when not all is well, in seconds since 1970-01-01 UTC; nil while all is.
    var degradedSince: Int? { degradation.since }

    func start(_ shards: [RedisShard]) {
        prober.use(shards)
        health.start()
    }

    func close() async {
        prober.use([])
        await health.close()
        await breaker.close()
        await writeBreaker.close()
    }

    // MARK: Operations

    /// Asks for an operation to be let through; nil when it is refused.
    func admit(_ purpose: RedisShard.Purpose, _ now: MonotonicTime) -> Permit? {
        guard let all = breaker.admit(now) else { return nil }
        guard purpose == .write else { return Permit(all: all, writes: nil) }
        guard let writes = writeBreaker.admit(now) else {
            breaker.finish(all, .ignored, now)
            return nil
        }
        return Permit(all: all, writes: writes)
    }

    /// Notes how an operation ended that was let through.
    func finish(_ permit: Permit, _ effect: BreakerEffect, _ now: MonotonicTime) {
        breaker.finish(permit.all, effect.outcome, now)
        if let writes = permit.writes { writeBreaker.finish(writes, effect.outcomeOfWrite, now) }
    }

    // MARK: Connections

    func connectionLost() { health.checkNow() }

    func connectionFailed() {
        // Else every failed attempt of a long outage would be one more check than the checker wants.
        if health.isHealthy { health.checkNow() }
    }

    func connected() {
        breaker.hurryProbe()
        writeBreaker.hurryProbe()
        if !health.isHealthy { health.checkNow() }
    }
}

/// How a client is guarded.
struct RedisGuardConfig: Sendable {
    var breaker: CircuitBreakerConfig
    var healthCheckInterval: Duration
}

extension BreakerEffect {
    /// To the breaker of all operations: a server that takes no writes is there.
    var outcome: BreakerOutcome {
        switch self {
        case .success, .writeFailure: .success
        case .failure: .failure
        case .notCounted: .ignored
        }
    }

    /// To the breaker of writes: that the server is not there is the other one's matter.
    var outcomeOfWrite: BreakerOutcome {
        switch self {
        case .success: .success
        case .writeFailure: .failure
        case .failure, .notCounted: .ignored
        }
    }
}
