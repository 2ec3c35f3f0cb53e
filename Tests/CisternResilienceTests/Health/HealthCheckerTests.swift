import CisternBytes
import CisternResilience
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct HealthCheckerTests {
    private let scheduler = ManualScheduler()
    private let ping = Asked<HealthCheckResult>(whenCancelled: .timedOut)
    /// When traffic was answered.
    private let replies = Log<MonotonicTime>()

    private func makeChecker(_ config: HealthCheckerConfig = HealthCheckerConfig()) -> HealthChecker {
        HealthChecker(config, scheduler: scheduler, lastReply: { [replies] in replies.entries.last }) { [ping] in
            await ping.ask()
        }
    }

    @Test func nothingIsCheckedBeforeItIsStarted() {
        let checker = makeChecker()
        checker.checkNow()
        scheduler.advance(by: .seconds(100))
        #expect(ping.calls == 0)
        #expect(checker.state == .unknown)
        checker.start()
        checker.start()
        scheduler.run()
        #expect(ping.calls == 1)
        ping.end(.passed, scheduler)
    }

    @Test func itChecksAtOnceAndThenAtTheInterval() {
        ping.answerAlways(.passed)
        let checker = makeChecker()
        checker.start()
        scheduler.run()
        #expect(checker.isHealthy && checker.state == .healthy)
        var pauses: [Duration] = []
        for _ in 0..<200 {
            guard let pause = scheduler.nextTimer else { break }
            pauses.append(pause)
            scheduler.advance(by: pause)
        }
        #expect(ping.calls == 201)
        // Everywhere in 30 s ± 10 %, and nowhere else.
        #expect(pauses.allSatisfy { $0 >= .seconds(27) && $0 <= .seconds(33) })
        #expect(pauses.contains { $0 < .seconds(28) } && pauses.contains { $0 > .seconds(32) })
    }

    @Test func noCheckIsMadeWhileTrafficIsAnsweredAndOneWhenItStops() {
        ping.answerAlways(.passed)
        let checker = makeChecker()
        checker.start()
        scheduler.run()
        for _ in 0..<600 {
            replies.add(scheduler.now)
            scheduler.advance(by: .seconds(1))
        }
        #expect(ping.calls == 1)
        #expect(checker.statistics.sinceLastSuccess == .seconds(1))
        scheduler.advance(by: .seconds(25))
        #expect(ping.calls == 1)
        scheduler.advance(by: .seconds(8))
        #expect(ping.calls == 2)
    }

    @Test func itTellsEachChangeOnce() {
        let checker = makeChecker()
        let log = Log<HealthChecker.StateChange>()
        checker.observe { [unowned checker] change in
            log.add(change)
            #expect(checker.state == change.to)
            #expect(checker.isHealthy == (change.to == .healthy))
            checker.checkNow()
        }
        checker.start()
        for result in [HealthCheckResult.passed, .passed, .failed, .timedOut, .passed, .passed, .passed] {
            scheduler.advance(by: .seconds(33))
            ping.answer(result)
        }
        scheduler.run()
        #expect(log.entries.map(\.from) == [.unknown, .healthy, .unhealthy])
        #expect(log.entries.map(\.to) == [.healthy, .unhealthy, .healthy])
    }

    @Test func hurryingWhileACheckIsInProgressLeadsToAnotherOneAfterIt() {
        let checker = makeChecker()
        checker.start()
        scheduler.run()
        checker.checkNow()
        scheduler.run()
        #expect(ping.calls == 1)
        ping.answer(.passed)
        scheduler.run()
        #expect(ping.calls == 2)
        ping.answer(.passed)
        scheduler.run()
        #expect(ping.calls == 2)
        checker.checkNow()
        scheduler.run()
        #expect(ping.calls == 3)
        ping.end(.passed, scheduler)
    }

    @Test func whileItFailsItChecksMoreOften() {
        ping.answerAlways(.failed)
        let checker = makeChecker()
        checker.start()
        // At 0, 1, 3, 7, 15, 25, 35 seconds.
        scheduler.advance(by: .seconds(35))
        #expect(ping.calls == 7)
        ping.answerAlways(.passed)
        scheduler.advance(by: .seconds(11))
        #expect(checker.isHealthy)
    }

    // MARK: Statistics

    @Test func statisticsTellWhatWasFound() {
        let checker = makeChecker()
        #expect(checker.statistics.sinceLastSuccess == nil)
        #expect(checker.statistics.roundTripP50 == nil)
        checker.start()
        scheduler.advance(by: .milliseconds(20))
        ping.answer(.passed)
        scheduler.run()
        scheduler.advance(by: .seconds(33))
        ping.answer(.failed)
        scheduler.run()
        scheduler.advance(by: .seconds(1))
        ping.answer(.timedOut)
        scheduler.advance(by: .milliseconds(500))
        let statistics = checker.statistics
        #expect(statistics.state == .unhealthy && !statistics.isHealthy)
        #expect(statistics.inStateFor == .milliseconds(1500))
        #expect(statistics.checks == 3)
        #expect(statistics.failures == 2)
        #expect(statistics.consecutiveFailures == 2)
        #expect(statistics.sinceLastSuccess == .milliseconds(34_500))
        #expect(statistics.sinceLastFailure == .milliseconds(500))
        #expect(statistics.roundTripP50 == .milliseconds(20))
    }

    @Test func percentilesAreOfTheLastChecksThatPassed() {
        let checker = makeChecker()
        checker.start()
        // 128 are kept: of these, the last ones, 1 to 128 ms.
        for number in 1...228 {
            scheduler.advance(by: scheduler.nextTimer ?? .zero)
            guard ping.waiting == 1 else { break }
            scheduler.advance(by: .milliseconds(number <= 100 ? 5000 : number - 100))
            ping.answer(.passed)
            scheduler.run()
        }
        let statistics = checker.statistics
        let (median, high) = (statistics.roundTripP50 ?? .zero, statistics.roundTripP99 ?? .zero)
        #expect(statistics.checks == 228)
        #expect(median == .milliseconds(64))
        #expect(high == .milliseconds(127))
    }

    // MARK: Ends

    @Test func closingEndsTheCheckInProgressWithoutAResult() {
        let checker = makeChecker()
        checker.start()
        scheduler.run()
        #expect(scheduler.start { await checker.close() }.isOver)
        #expect(ping.cancelled == 1)
        #expect(checker.statistics.checks == 0)
        #expect(checker.state == .unknown)
    }

    @Test func closedItChecksNoMoreAndClosingTwiceIsFine() {
        ping.answerAlways(.passed)
        let checker = makeChecker()
        checker.start()
        scheduler.run()
        #expect(scheduler.start { await checker.close() }.isOver)
        #expect(scheduler.start { await checker.close() }.isOver)
        #expect(scheduler.timers == 0)
        checker.checkNow()
        checker.start()
        scheduler.advance(by: .seconds(100))
        #expect(ping.calls == 1)
    }

    @Test(arguments: [false, true])
    func aCheckerThatNobodyKnowsAnyMoreIsGone(isChecking: Bool) {
        if !isChecking { ping.answerAlways(.passed) }
        weak var gone: HealthChecker?
        do {
            let checker = makeChecker()
            gone = checker
            let log = Log<HealthChecker.StateChange>()
            checker.observe { log.add($0) }
            checker.start()
            scheduler.run()
            #expect(ping.waiting == (isChecking ? 1 : 0))
        }
        #expect(gone == nil)
        scheduler.run()
        #expect(ping.cancelled == (isChecking ? 1 : 0))
        #expect(scheduler.timers == 0)
    }
}
