import CisternBytes
import CisternLocks
import CisternResilience
import TestSupport
import Testing

@Suite(.blocking, .timeLimit(.minutes(20))) struct CircuitBreakerThreadTests {
    /// Runs `work` on several threads at once, and waits for all of them.
    private func onThreads(_ count: UInt64, _ work: @escaping @Sendable (UInt64) -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<count { group.addTask { try await blocking { work(thread) } } }
            try await group.waitForAll()
        }
    }

    @Test func statisticsMissNothingUnderManyThreads() async throws {
        let breaker = CircuitBreaker(
            CircuitBreakerConfig(maxFailures: 1_000_000), scheduler: SystemScheduler(), outcomeOfProbe: nil)
        try await onThreads(4) { _ in
            for number in 0..<20_000 {
                guard let permit = breaker.admit(.now) else { continue }
                breaker.finish(permit, number % 10 == 0 ? .failure : .success, .now)
            }
        }
        let statistics = breaker.statistics
        #expect(statistics.successes == 72_000)
        #expect(statistics.failures == 8000)
        #expect(statistics.refusals == 0)
        #expect(statistics.state == .closed)
    }

    @Test func whateverManyThreadsDoItsChangesAreAChainAndItsPlacesAreKept() async throws {
        let config = CircuitBreakerConfig(
            maxFailures: 2, resetTimeout: .milliseconds(1), checkInterval: .seconds(3600), successThreshold: 2)
        let breaker = CircuitBreaker(config, scheduler: SystemScheduler()) { .success }
        let log = Log<CircuitBreaker.StateChange>()
        breaker.observe { [unowned breaker] change in
            log.add(change)
            _ = breaker.state
        }
        let counts = Locked((admitted: 0, refused: 0, ended: 0))
        try await onThreads(4) { thread in
            var random = SplitMix64(seed: thread)
            var inHand: [BreakerPermit] = []
            for _ in 0..<5000 {
                switch random.next() % 100 {
                case ..<45:
                    if let permit = breaker.admit(.now) {
                        inHand.append(permit)
                        counts.withLock { $0.admitted += 1 }
                    } else {
                        counts.withLock { $0.refused += 1 }
                    }
                case ..<95:
                    guard let permit = inHand.popLast() else { continue }
                    breaker.finish(permit, random.next() % 3 == 0 ? .failure : .success, .now)
                    counts.withLock { $0.ended += 1 }
                case ..<97: breaker.hurryProbe()
                case ..<98: breaker.forceOpen()
                default: breaker.forceClosed()
                }
            }
            for permit in inHand { breaker.finish(permit, .success, .now) }
            counts.withLock { $0.ended += inHand.count }
        }
        // No probe is counted after this.
        await breaker.close()
        breaker.forceClosed()
        #expect(!log.entries.states.contains(nil))
        #expect(log.entries.last?.to == .closed)
        let statistics = breaker.statistics
        let (admitted, refused, ended) = counts.withLock { $0 }
        #expect(admitted == ended)
        #expect(statistics.refusals == refused)
        let outcomes = statistics.successes + statistics.failures
        #expect(outcomes >= ended && outcomes <= ended + statistics.probes)
        #expect(statistics.opened == log.entries.count { $0.to == .open })
    }

    @Test func onTrialNeverMoreThanTheThresholdIsInProgress() async throws {
        let config = CircuitBreakerConfig(
            maxFailures: 1, resetTimeout: .zero, checkInterval: .seconds(3600), successThreshold: 3)
        let breaker = CircuitBreaker(config, scheduler: SystemScheduler(), outcomeOfProbe: nil)
        breaker.operate(.failure)
        let progress = Locked((now: 0, most: 0))
        try await onThreads(8) { _ in
            for _ in 0..<2000 {
                guard let permit = breaker.admit(.now) else { continue }
                progress.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                progress.withLock { $0.now -= 1 }
                // It says nothing, so that the trial goes on.
                breaker.finish(permit, .ignored, .now)
            }
        }
        #expect(breaker.state == .halfOpen)
        #expect((1...3).contains(progress.withLock { $0.most }))
    }
}

extension CircuitBreaker {
    fileprivate func operate(_ outcome: BreakerOutcome) {
        if let permit = admit(.now) { finish(permit, outcome, .now) }
    }
}
