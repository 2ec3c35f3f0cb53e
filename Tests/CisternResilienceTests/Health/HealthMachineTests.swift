import CisternBytes
import CisternResilience
import Testing

/// A health checker's machine with its time.
private struct Bench {
    var machine: HealthMachine
    var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    var lastReply: MonotonicTime?
    var jitter = 0.0

    init(_ config: HealthCheckerConfig = HealthCheckerConfig()) { machine = HealthMachine(config, now: now) }

    mutating func step() -> HealthMachine.Step { machine.step(now, lastReply: lastReply, jitter: jitter) }

    mutating func finish(_ result: HealthCheckResult) { machine.finish(result, now, jitter: jitter) }

    /// Lets time pass until a check is to be made, and returns how long that took.
    mutating func waitForCheck() -> Duration {
        let start = now
        for _ in 0..<10 {
            guard case .wait(let deadline) = step() else { break }
            now = deadline
        }
        return now.since(start)
    }

    /// Makes checks with these results, and returns the pauses before them.
    @discardableResult
    mutating func check(_ results: HealthCheckResult...) -> [Duration] {
        results.map { result in
            let pause = waitForCheck()
            finish(result)
            return pause
        }
    }
}

@Suite struct HealthMachineTests {
    @Test func itIsUnknownUntilTheFirstResult() {
        var bench = Bench()
        #expect(bench.machine.state == .unknown)
        #expect(bench.step() == .check)
        #expect(bench.machine.state == .unknown)
    }

    @Test func theFirstSuccessMakesItHealthy() {
        var bench = Bench()
        #expect(bench.check(.passed) == [.zero])
        #expect(bench.machine.state == .healthy)
    }

    @Test func oneRefusalMakesItUnhealthy() {
        var bench = Bench()
        bench.check(.failed)
        #expect(bench.machine.state == .unhealthy)
        bench = Bench()
        bench.check(.passed, .failed)
        #expect(bench.machine.state == .unhealthy)
    }

    @Test func threeTimeoutsInARowMakeItUnhealthy() {
        var bench = Bench()
        bench.check(.passed, .timedOut, .timedOut, .passed, .timedOut, .timedOut)
        #expect(bench.machine.state == .healthy)
        bench.check(.timedOut)
        #expect(bench.machine.state == .unhealthy)
    }

    @Test func threeTimeoutsAreNeededAtTheStartToo() {
        var bench = Bench()
        bench.check(.timedOut, .timedOut)
        #expect(bench.machine.state == .unknown)
        bench.check(.timedOut)
        #expect(bench.machine.state == .unhealthy)
    }

    @Test(arguments: [1, 2, 5])
    func itIsHealthyAgainAfterSoManySuccessesInARow(threshold: Int) {
        var bench = Bench(HealthCheckerConfig(successThreshold: threshold))
        bench.check(.failed)
        for _ in 0..<threshold - 1 { bench.check(.passed) }
        #expect(bench.machine.state == .unhealthy)
        bench.check(.timedOut)
        for _ in 0..<threshold - 1 { bench.check(.passed) }
        #expect(bench.machine.state == .unhealthy)
        bench.check(.passed)
        #expect(bench.machine.state == .healthy)
    }

    // MARK: Pauses

    @Test(arguments: [(-1.0, 27), (0, 30), (1, 33)])
    func whileAllIsWellItChecksAtTheIntervalGiveOrTakeATenth(jitter: Double, seconds: Int) {
        var bench = Bench()
        bench.jitter = jitter
        #expect(bench.check(.passed, .passed, .passed) == [.zero, .seconds(seconds), .seconds(seconds)])
    }

    @Test func whileItFailsPausesDoubleUpToTheCheckInterval() {
        var bench = Bench()
        #expect(
            bench.check(.passed, .failed, .failed, .timedOut, .failed, .failed, .failed, .failed)
                == [0, 30, 1, 2, 4, 8, 10, 10].map { .seconds($0) })
    }

    @Test func pausesStayAtTheCheckIntervalForEver() {
        var bench = Bench(HealthCheckerConfig(checkInterval: .seconds(100_000_000)))
        for _ in 0..<200 { bench.check(.failed) }
        #expect(bench.check(.failed)[0] > .seconds(500_000))
    }

    @Test func fromTheFirstSuccessOnItChecksEverySecond() {
        var bench = Bench(HealthCheckerConfig(successThreshold: 4))
        bench.check(.failed, .failed, .failed, .failed)
        #expect(bench.check(.passed, .passed, .passed, .passed, .passed) == [8, 1, 1, 1, 30].map { .seconds($0) })
    }

    @Test func aFailureAfterThatBeginsAnew() {
        var bench = Bench()
        bench.check(.failed, .failed, .failed, .passed)
        #expect(bench.check(.failed, .failed, .failed) == [1, 1, 2].map { .seconds($0) })
    }

    @Test func aShortCheckIntervalHoldsForEveryPause() {
        var bench = Bench(HealthCheckerConfig(checkInterval: .milliseconds(100), successThreshold: 3))
        #expect(
            bench.check(.failed, .failed, .passed, .passed)
                == [.zero, .milliseconds(100), .milliseconds(100), .milliseconds(100)])
    }

    // MARK: Traffic

    @Test func trafficWithinTheIntervalCountsAsAPing() {
        var bench = Bench()
        bench.check(.passed)
        bench.now = bench.now + .seconds(30)
        bench.lastReply = bench.now + .seconds(-5)
        #expect(bench.step() == .wait(until: bench.now + .seconds(25)))
    }

    @Test func whenTrafficStopsItChecksAnIntervalAfterTheLastReply() {
        var bench = Bench()
        bench.check(.passed)
        for _ in 0..<5 {
            bench.now = bench.now + .seconds(29)
            bench.lastReply = bench.now
            #expect(bench.step() != .check)
        }
        #expect(bench.waitForCheck() == .seconds(30))
    }

    @Test func trafficBeforeTheIntervalDoesNotCount() {
        var bench = Bench()
        bench.check(.passed)
        bench.lastReply = bench.now
        #expect(bench.waitForCheck() == .seconds(30))
    }

    @Test(arguments: [HealthCheckResult.failed, .timedOut])
    func whileSomethingIsWrongTrafficDoesNotKeepItFromChecking(result: HealthCheckResult) {
        var bench = Bench()
        bench.check(.passed, result)
        bench.now = bench.now + .seconds(1)
        bench.lastReply = bench.now
        #expect(bench.step() == .check)
    }

    @Test func trafficDoesNotReplaceTheFirstCheck() {
        var bench = Bench()
        bench.lastReply = bench.now
        #expect(bench.step() == .check)
    }

    // MARK: Hurry

    @Test func itChecksAtOnceWhenHurriedWhateverTheTraffic() {
        var bench = Bench()
        bench.check(.passed)
        bench.now = bench.now + .seconds(1)
        bench.lastReply = bench.now
        bench.machine.hurry(bench.now)
        #expect(bench.step() == .check)
        bench.finish(.passed)
        #expect(bench.waitForCheck() == .seconds(30))
    }

    @Test(arguments: [HealthCheckResult.passed, .failed, .timedOut])
    func hurryingWhileACheckIsInProgressLeadsToAnotherOneAfterIt(result: HealthCheckResult) {
        var bench = Bench()
        #expect(bench.step() == .check)
        bench.machine.hurry(bench.now)
        #expect(bench.step() == .wait(until: .distantFuture))
        bench.finish(result)
        #expect(bench.step() == .check)
        bench.finish(result)
        #expect(bench.step() != .check)
    }
}
