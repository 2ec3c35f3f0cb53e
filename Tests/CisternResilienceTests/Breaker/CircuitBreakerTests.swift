import CisternBytes
import CisternResilience
import TestSupport
import Testing

extension CircuitBreaker {
    /// A breaker whose time stands still.
    convenience init(
        _ scheduler: ManualScheduler, maxFailures: Int = 1, resetTimeout: Duration = .seconds(30),
        checkInterval: Duration = .seconds(10), successThreshold: Int = 2, probe: Asked<BreakerOutcome>? = nil
    ) {
        let config = CircuitBreakerConfig(
            maxFailures: maxFailures, resetTimeout: resetTimeout, checkInterval: checkInterval,
            successThreshold: successThreshold)
        if let probe {
            self.init(config, scheduler: scheduler) { await probe.ask() }
        } else {
            self.init(config, scheduler: scheduler, outcomeOfProbe: nil)
        }
    }

    /// Has an operation end at once, if it is let through.
    func operate(_ outcome: BreakerOutcome, _ scheduler: ManualScheduler) {
        if let permit = admit(scheduler.now) { finish(permit, outcome, scheduler.now) }
    }
}

@Suite(.timeLimit(.minutes(20))) struct CircuitBreakerTests {
    private let scheduler = ManualScheduler()

    // MARK: Around an operation

    @Test func anOperationGivesItsAnswer() async throws {
        let breaker = CircuitBreaker(scheduler)
        #expect(try await breaker.execute { 7 } == 7)
        #expect(breaker.statistics.successes == 1)
        #expect(breaker.retryAfter == nil)
    }

    @Test func anErrorOpensItAndIsThrown() async {
        let breaker = CircuitBreaker(scheduler)
        await #expect(throws: Refused()) { try await breaker.execute { throw Refused() } }
        #expect(breaker.state == .open)
        #expect(!breaker.isClosed)
    }

    @Test func openItCarriesNothingOutAndSaysWhenToTryAgain() async {
        let breaker = CircuitBreaker(scheduler)
        breaker.operate(.failure, scheduler)
        scheduler.advance(by: .seconds(12))
        let error = await #expect(throws: CircuitOpenError.self) {
            try await breaker.execute { Issue.record("carried out") }
        }
        #expect(error?.retryAfter == .seconds(18))
        #expect(breaker.statistics.refusals == 1)
    }

    @Test func withAProbeItSaysToTryAgainWhenThatHasRun() {
        let breaker = CircuitBreaker(scheduler, probe: Asked(always: .failure))
        breaker.operate(.failure, scheduler)
        #expect(breaker.retryAfter == .seconds(10))
        scheduler.advance(by: .seconds(24))
        #expect(breaker.retryAfter == .seconds(6))
    }

    @Test func openedByForceItDoesNotPretendToKnow() {
        let breaker = CircuitBreaker(scheduler)
        breaker.forceOpen()
        scheduler.advance(by: .seconds(1000))
        #expect(breaker.retryAfter == .seconds(30))
        #expect(breaker.admit(scheduler.now) == nil)
        breaker.forceClosed()
        #expect(breaker.retryAfter == nil)
    }

    @Test func anErrorThatIsAnAnswerIsASuccess() async {
        let breaker = CircuitBreaker(scheduler)
        await #expect(throws: Refused()) {
            try await breaker.execute(countsAsFailure: { !($0 is Refused) }) { throw Refused() }
        }
        #expect(breaker.state == .closed)
        #expect(breaker.statistics.successes == 1)
        #expect(breaker.statistics.failures == 0)
    }

    @Test func aCancellationCountsNotAtAll() async {
        let breaker = CircuitBreaker(scheduler)
        await #expect(throws: CancellationError.self) { try await breaker.execute { throw CancellationError() } }
        let asked = Asked(whenCancelled: ())
        let running = scheduler.start {
            try await breaker.execute {
                await asked.ask()
                throw Refused()
            }
        }
        running.cancel()
        scheduler.run()
        #expect(throws: Refused()) { try running.result?.get() }
        #expect(breaker.state == .closed)
        #expect(breaker.statistics.successes == 0)
        #expect(breaker.statistics.failures == 0)
    }

    @Test func onTrialACancelledOperationGivesItsPlaceBack() async throws {
        let breaker = CircuitBreaker(scheduler, successThreshold: 1)
        breaker.operate(.failure, scheduler)
        scheduler.advance(by: .seconds(30))
        for _ in 0..<3 {
            await #expect(throws: CancellationError.self) { try await breaker.execute { throw CancellationError() } }
        }
        #expect(breaker.state == .halfOpen)
        try await breaker.execute {}
        #expect(breaker.state == .closed)
    }

    // MARK: Changes

    @Test func changesAreToldInOrder() {
        let breaker = CircuitBreaker(scheduler, successThreshold: 1)
        let log = Log<CircuitBreaker.StateChange>()
        breaker.observe { log.add($0) }
        breaker.operate(.failure, scheduler)
        #expect(log.entries.states == [.closed, .open])
        scheduler.advance(by: .seconds(30))
        breaker.operate(.success, scheduler)
        breaker.operate(.success, scheduler)
        #expect(log.entries.states == [.closed, .open, .halfOpen, .closed])
    }

    @Test func anObserverMayCallTheBreaker() {
        let breaker = CircuitBreaker(scheduler, probe: Asked(always: .success))
        let log = Log<CircuitBreaker.StateChange>()
        breaker.observe { [unowned breaker, scheduler] change in
            log.add(change)
            breaker.observe { _ in }
            _ = (breaker.state, breaker.statistics, breaker.retryAfter, breaker.admit(scheduler.now))
            breaker.hurryProbe()
            if log.entries.count == 1 { breaker.forceClosed() }
            if log.entries.count == 2 { breaker.forceOpen() }
        }
        breaker.operate(.failure, scheduler)
        #expect(log.entries.states == [.closed, .open, .closed, .open])
        #expect(breaker.state == .open)
        scheduler.run()
    }

    @Test func anObserverIsToldOfItsOwnChangeAfterThePresentOneHasBeenToldToAll() {
        let breaker = CircuitBreaker(scheduler)
        let log = Log<String>()
        breaker.observe { [unowned breaker] change in
            log.add("first \(change.to)")
            if change.to == .open { breaker.forceClosed() }
        }
        breaker.observe { log.add("second \($0.to)") }
        breaker.forceOpen()
        #expect(log.entries == ["first open", "second open", "first closed", "second closed"])
    }

    // MARK: Statistics

    @Test func statisticsTellWhatHappened() {
        let breaker = CircuitBreaker(scheduler, maxFailures: 3, probe: Asked(always: .failure))
        let late = breaker.admit(scheduler.now)
        for outcome in [BreakerOutcome.success, .success, .ignored, .failure, .failure] {
            breaker.operate(outcome, scheduler)
        }
        #expect(breaker.statistics.consecutiveFailures == 2)
        breaker.operate(.failure, scheduler)
        scheduler.advance(by: .seconds(15))
        breaker.operate(.success, scheduler)
        if let late { breaker.finish(late, .success, scheduler.now) }
        let statistics = breaker.statistics
        #expect(statistics.state == .open)
        #expect(statistics.inStateFor == .seconds(15))
        #expect(statistics.successes == 3)
        #expect(statistics.failures == 4)
        #expect(statistics.refusals == 1)
        #expect(statistics.opened == 1)
        #expect(statistics.probes == 1)
        #expect(statistics.retryAfter == .seconds(5))
    }

    @Test func successesOfAnEarlierStateAreNotInTheRate() {
        let breaker = CircuitBreaker(scheduler, maxFailures: 15)
        let late = (0..<30).compactMap { _ in breaker.admit(scheduler.now) }
        for _ in 0..<15 { breaker.operate(.failure, scheduler) }
        breaker.forceClosed()
        for _ in 0..<10 { breaker.operate(.failure, scheduler) }
        for permit in late { breaker.finish(permit, .success, scheduler.now) }
        for _ in 0..<9 { breaker.operate(.success, scheduler) }
        #expect(breaker.state == .closed)
        breaker.operate(.success, scheduler)
        #expect(breaker.state == .open)
    }
}
