import CisternBytes
import CisternResilience
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct CircuitBreakerProbeTests {
    private let scheduler = ManualScheduler()

    @Test func itsProbeRunsEveryCheckIntervalAndAtTheResetTimeout() {
        let probe = Asked(always: BreakerOutcome.failure)
        let breaker = CircuitBreaker(scheduler, probe: probe)
        breaker.operate(.failure, scheduler)
        for (seconds, calls) in [(9, 0), (1, 1), (9, 1), (1, 2), (9, 2), (1, 3)] {
            scheduler.advance(by: .seconds(seconds))
            #expect(probe.calls == calls)
        }
        // The last one was on trial, and opened it again.
        #expect(breaker.statistics.opened == 2)
    }

    @Test func withoutTrafficItsProbeAloneClosesIt() {
        let probe = Asked(always: BreakerOutcome.failure)
        let breaker = CircuitBreaker(scheduler, successThreshold: 3, probe: probe)
        breaker.operate(.failure, scheduler)
        scheduler.advance(by: .seconds(15))
        probe.answerAlways(.success)
        scheduler.advance(by: .seconds(5))
        #expect(breaker.state == .halfOpen)
        scheduler.advance(by: .seconds(1))
        #expect(breaker.state == .closed)
        #expect(breaker.statistics.probes == 4)
        #expect(scheduler.timers == 0)
    }

    @Test func itsProbeTakesAPlaceOfTheTrial() {
        let probe = Asked<BreakerOutcome>()
        let breaker = CircuitBreaker(scheduler, successThreshold: 2, probe: probe)
        breaker.operate(.failure, scheduler)
        scheduler.advance(by: .seconds(10))
        probe.answer(.success)
        scheduler.run()
        #expect(breaker.state == .halfOpen)
        #expect(probe.waiting == 1)
        #expect(breaker.admit(scheduler.now) != nil)
        #expect(breaker.admit(scheduler.now) == nil)
        probe.end(.failure, scheduler)
    }

    @Test func theProbeRunsAtOnceWhenHurried() {
        let probe = Asked(always: BreakerOutcome.failure)
        let breaker = CircuitBreaker(scheduler, probe: probe)
        breaker.hurryProbe()
        scheduler.run()
        #expect(probe.calls == 0)
        breaker.operate(.failure, scheduler)
        breaker.hurryProbe()
        scheduler.run()
        #expect(probe.calls == 1)
    }

    @Test func hurryingWhileAProbeIsInProgressLeadsToAnotherOneAfterIt() {
        let probe = Asked<BreakerOutcome>()
        let breaker = CircuitBreaker(scheduler, probe: probe)
        breaker.operate(.failure, scheduler)
        scheduler.advance(by: .seconds(10))
        breaker.hurryProbe()
        scheduler.run()
        #expect(probe.calls == 1)
        probe.answer(.failure)
        scheduler.run()
        #expect(probe.calls == 2)
        probe.end(.failure, scheduler)
    }

    @Test func aProbeThatTakesLongerThanTheCheckIntervalIsCancelledAndHasFailed() {
        let probe = Asked(whenCancelled: BreakerOutcome.ignored)
        let breaker = CircuitBreaker(scheduler, probe: probe)
        breaker.operate(.failure, scheduler)
        scheduler.advance(by: .seconds(20) - .nanoseconds(1))
        #expect(probe.cancelled == 0)
        scheduler.advance(by: .nanoseconds(1))
        #expect(probe.cancelled == 1)
        #expect(breaker.statistics.failures == 2)
        // The next one is due by then.
        #expect(probe.calls == 2)
        probe.end(.failure, scheduler)
    }

    @Test func onTrialAProbeThatHangsOpensItAgain() {
        let probe = Asked(whenCancelled: BreakerOutcome.ignored)
        let breaker = CircuitBreaker(scheduler, probe: probe)
        breaker.operate(.failure, scheduler)
        // Somebody takes the place that the probe gives up, just before it is cancelled.
        _ = scheduler.schedule(at: scheduler.now + .seconds(20)) { [scheduler, unowned breaker] in
            for _ in 0..<2 { #expect(breaker.admit(scheduler.now) != nil) }
        }
        scheduler.advance(by: .seconds(10))
        probe.answer(.success)
        scheduler.run()
        #expect(breaker.state == .halfOpen)
        scheduler.advance(by: .seconds(10) - .nanoseconds(1))
        #expect(breaker.state == .halfOpen)
        scheduler.advance(by: .nanoseconds(1))
        #expect(breaker.state == .open)
    }

    @Test func aProbeThatSaysNothingIsNoFailure() {
        let probe = Asked(always: BreakerOutcome.success)
        let breaker = CircuitBreaker(scheduler, successThreshold: 3, probe: probe)
        breaker.operate(.failure, scheduler)
        scheduler.advance(by: .seconds(10))
        #expect(breaker.state == .halfOpen)
        probe.answerAlways(.ignored)
        scheduler.advance(by: .seconds(5))
        #expect(breaker.state == .halfOpen)
        #expect(breaker.statistics.failures == 1)
        probe.answerAlways(.success)
        scheduler.advance(by: .seconds(1))
        #expect(breaker.state == .closed)
    }

    @Test func anErrorOfTheProbeIsAFailure() async throws {
        let config = CircuitBreakerConfig(maxFailures: 1, checkInterval: .milliseconds(1))
        let breaker = CircuitBreaker(config) { throw Refused() }
        breaker.forceOpen()
        breaker.forceClosed()
        await #expect(throws: Refused()) { try await breaker.execute { throw Refused() } }
        #expect(await soon { breaker.statistics.failures >= 3 })
        #expect(breaker.state == .open)
        await breaker.close()
    }

    // MARK: Ends

    @Test func closingEndsTheProbeThatIsInProgress() {
        let probe = Asked(whenCancelled: BreakerOutcome.ignored)
        let breaker = CircuitBreaker(scheduler, probe: probe)
        breaker.operate(.failure, scheduler)
        scheduler.advance(by: .seconds(10))
        #expect(probe.waiting == 1)
        #expect(scheduler.start { await breaker.close() }.isOver)
        #expect(probe.cancelled == 1)
        #expect(scheduler.timers == 0)
        #expect(breaker.statistics.failures == 1)
    }

    @Test func closingWaitsForTheProbe() {
        let probe = Asked<BreakerOutcome>()
        let breaker = CircuitBreaker(scheduler, probe: probe)
        breaker.operate(.failure, scheduler)
        scheduler.advance(by: .seconds(10))
        let closing = scheduler.start { await breaker.close() }
        let again = scheduler.start { await breaker.close() }
        #expect(!closing.isOver && !again.isOver)
        probe.answer(.failure)
        scheduler.run()
        #expect(closing.isOver && again.isOver)
    }

    @Test func onceClosedThereIsNoProbeAnyMoreAndTrafficDecides() {
        let probe = Asked(always: BreakerOutcome.success)
        let breaker = CircuitBreaker(scheduler, successThreshold: 1, probe: probe)
        #expect(scheduler.start { await breaker.close() }.isOver)
        breaker.operate(.failure, scheduler)
        breaker.hurryProbe()
        #expect(scheduler.timers == 0)
        scheduler.advance(by: .seconds(30))
        #expect(probe.calls == 0)
        breaker.operate(.success, scheduler)
        #expect(breaker.state == .closed)
        #expect(scheduler.start { await breaker.close() }.isOver)
    }

    @Test func aBreakerThatNobodyKnowsAnyMoreIsGone() {
        weak var gone: CircuitBreaker?
        do {
            let breaker = CircuitBreaker(scheduler, probe: Asked(always: .failure))
            gone = breaker
            let log = Log<CircuitBreaker.StateChange>()
            breaker.observe { log.add($0) }
            breaker.operate(.failure, scheduler)
            scheduler.advance(by: .seconds(15))
            #expect(scheduler.timers == 1)
        }
        #expect(gone == nil)
        #expect(scheduler.timers == 0)
    }

    @Test func soIsOneWhoseProbeIsInProgressAndTheProbeEnds() {
        let probe = Asked(whenCancelled: BreakerOutcome.ignored)
        weak var gone: CircuitBreaker?
        do {
            let breaker = CircuitBreaker(scheduler, probe: probe)
            gone = breaker
            breaker.operate(.failure, scheduler)
            scheduler.advance(by: .seconds(10))
            #expect(probe.waiting == 1)
        }
        #expect(gone == nil)
        scheduler.run()
        #expect(probe.cancelled == 1)
        #expect(probe.waiting == 0)
        #expect(scheduler.timers == 0)
    }
}
