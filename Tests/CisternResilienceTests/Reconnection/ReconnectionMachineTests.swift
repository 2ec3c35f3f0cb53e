import CisternBytes
import CisternResilience
import Testing

/// A reconnection machine with its time.
private struct Bench {
    var machine = ReconnectionMachine(Backoff(minimum: .seconds(1), maximum: .seconds(3)))
    var now = MonotonicTime(nanoseconds: 1_000_000_000_000)

    mutating func begin() -> ReconnectionMachine.Permission { machine.begin(now) }

    mutating func fail(pause: Duration = .zero, fraction: Double = 0) {
        machine.failed(now, pause: pause, fraction: fraction)
    }

    /// How long until the next attempt may be made; nil while one is in progress.
    mutating func wait() -> Duration? {
        switch begin() {
        case .attempt: .zero
        case .inProgress: nil
        case .wait(let deadline): deadline.since(now)
        }
    }
}

@Suite struct ReconnectionMachineTests {
    @Test func theFirstAttemptIsMadeAtOnce() {
        var bench = Bench()
        #expect(bench.machine.state == .connecting)
        #expect(bench.begin() == .attempt)
    }

    @Test func thereIsOneAttemptAtATime() {
        var bench = Bench()
        #expect(bench.begin() == .attempt)
        #expect(bench.begin() == .inProgress)
        bench.fail()
        bench.now = bench.now + .seconds(1)
        #expect(bench.begin() == .attempt)
        #expect(bench.begin() == .inProgress)
    }

    @Test func connectedItLetsManyThrough() {
        var bench = Bench()
        _ = bench.begin()
        bench.machine.succeeded()
        #expect(bench.machine.state == .connected)
        for _ in 0..<10 { #expect(bench.begin() == .attempt) }
        #expect(bench.machine.state == .connected)
    }

    /// Attempt n waits within [min, min(max, min·2ⁿ)].
    @Test(arguments: [(1, 2), (2, 3), (3, 3), (50, 3)])
    func afterFailuresItWaitsForABackoff(failures: Int, seconds: Int) {
        for (fraction, expected) in [(0.0, Duration.seconds(1)), (1.0, .seconds(seconds))] {
            var bench = Bench()
            for _ in 1..<failures { bench.fail() }
            bench.fail(fraction: fraction)
            #expect(bench.machine.state == .waiting)
            #expect(bench.machine.consecutiveFailures == failures)
            #expect(bench.wait() == expected)
            bench.now = bench.now + (expected - .nanoseconds(1))
            #expect(bench.wait() == .nanoseconds(1))
            bench.now = bench.now + .nanoseconds(1)
            #expect(bench.begin() == .attempt)
        }
    }

    @Test func itGoesOnForEver() {
        var bench = Bench()
        for _ in 0..<10_000 {
            bench.fail(fraction: 1)
            bench.now = bench.now + .seconds(3)
            #expect(bench.begin() == .attempt)
        }
    }

    @Test func aSuccessBeginsTheBackoffAnew() {
        var bench = Bench()
        for _ in 0..<5 { bench.fail() }
        bench.machine.succeeded()
        #expect(bench.machine.consecutiveFailures == 0)
        bench.fail(fraction: 1)
        #expect(bench.wait() == .seconds(2))
    }

    @Test func aLossLeadsToOneAttemptAtOnce() {
        var bench = Bench()
        bench.machine.succeeded()
        bench.machine.lost()
        bench.machine.lost()
        #expect(bench.machine.state == .connecting)
        #expect(bench.begin() == .attempt)
        bench.machine.lost()
        #expect(bench.begin() == .inProgress)
    }

    @Test func aLossDoesNotShortenTheBackoff() {
        var bench = Bench()
        bench.fail()
        bench.machine.lost()
        #expect(bench.wait() == .seconds(1))
    }

    @Test func anAttemptThatWasGivenUpIsMadeAgainAtOnce() {
        var bench = Bench()
        _ = bench.begin()
        bench.machine.abandoned()
        #expect(bench.machine.consecutiveFailures == 0)
        #expect(bench.begin() == .attempt)
    }

    @Test func connectedOrWaitingThereIsNothingToGiveUp() {
        var bench = Bench()
        bench.machine.succeeded()
        bench.machine.abandoned()
        #expect(bench.machine.state == .connected)
        bench.fail()
        bench.machine.abandoned()
        #expect(bench.wait() == .seconds(1))
    }

    @Test func hurriedItDoesNotWaitForTheEndOfTheBackoff() {
        var bench = Bench()
        bench.fail(fraction: 1)
        bench.machine.hurry(bench.now)
        #expect(bench.machine.nextAttempt == nil)
        #expect(bench.begin() == .attempt)
        // But does not begin a second attempt.
        bench.machine.hurry(bench.now)
        #expect(bench.begin() == .inProgress)
    }

    @Test func theLeastPauseIsKeptEvenWhenHurried() {
        var bench = Bench()
        bench.fail(pause: .seconds(30))
        #expect(bench.wait() == .seconds(30))
        bench.now = bench.now + .seconds(10)
        bench.machine.hurry(bench.now)
        bench.machine.lost()
        bench.machine.abandoned()
        #expect(bench.wait() == .seconds(20))
        bench.now = bench.now + .seconds(20)
        #expect(bench.begin() == .attempt)
    }

    @Test func anotherFailureDoesNotShortenTheLeastPause() {
        var bench = Bench()
        bench.machine.succeeded()
        // Two attempts were in progress.
        bench.fail(pause: .seconds(30))
        bench.fail()
        bench.machine.hurry(bench.now)
        #expect(bench.wait() == .seconds(30))
    }

    @Test func aShortPauseDoesNotShortenTheBackoff() {
        var bench = Bench()
        bench.fail(pause: .milliseconds(1))
        #expect(bench.wait() == .seconds(1))
    }

    @Test func aSuccessEndsTheLeastPause() {
        var bench = Bench()
        bench.fail(pause: .seconds(30))
        bench.machine.succeeded()
        bench.fail()
        bench.machine.hurry(bench.now)
        #expect(bench.begin() == .attempt)
    }
}
