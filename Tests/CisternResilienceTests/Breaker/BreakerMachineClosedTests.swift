import CisternBytes
import CisternResilience
import Testing

@Suite struct BreakerMachineClosedTests {
    @Test func itBeginsClosedAndLetsEverythingThrough() {
        var bench = BreakerBench()
        #expect(bench.state == .closed)
        #expect((0..<100).allSatisfy { _ in bench.admit() != nil })
        #expect(bench.probeStep() == .rest)
        #expect(bench.machine.refusesUntil == nil)
    }

    @Test(arguments: [1, 2, 5, 19])
    func itOpensWithTheLastOfTooManyFailuresInARow(maxFailures: Int) {
        var bench = BreakerBench(maxFailures: maxFailures)
        bench.operate(.failure, times: maxFailures - 1)
        #expect(bench.state == .closed)
        bench.operate(.failure)
        #expect(bench.state == .open)
        #expect(bench.machine.takeChanges().states == [.closed, .open])
        #expect(bench.machine.takeChanges().isEmpty)
    }

    @Test func failuresInARowMayLieFarApart() {
        var bench = BreakerBench(maxFailures: 3)
        for _ in 0..<3 {
            bench.operate(.failure)
            bench.pass(.seconds(3600))
        }
        #expect(bench.state == .open)
    }

    @Test func aSuccessEndsTheRow() {
        var bench = BreakerBench()
        bench.operate(.failure, .failure, .failure, .failure, .success)
        #expect(bench.machine.consecutiveFailures == 0)
        bench.operate(.failure, .failure, .failure, .failure)
        #expect(bench.state == .closed)
        bench.operate(.failure)
        #expect(bench.state == .open)
    }

    @Test func whatWasCancelledCountsNotAtAll() {
        var bench = BreakerBench()
        bench.operate(.failure, .failure, .failure, .failure, .ignored)
        #expect(bench.machine.consecutiveFailures == 4)
        bench.operate(.failure)
        #expect(bench.state == .open)
    }

    @Test func aMillionSuccessesDoNotOpenIt() {
        var bench = BreakerBench()
        for _ in 0..<1000 {
            bench.operate(.success, times: 1000)
            bench.pass(.milliseconds(7))
        }
        #expect(bench.state == .closed)
    }

    // MARK: By rate

    /// Half of twenty, in every order that matters; none of them opens before its end.
    @Test(arguments: [
        Array(repeating: [BreakerOutcome.success, .failure], count: 10).flatMap(\.self),
        Array(repeating: [BreakerOutcome.failure, .success], count: 10).flatMap(\.self),
        Array(repeating: .success, count: 10) + Array(repeating: .failure, count: 10),
        Array(repeating: .failure, count: 10) + Array(repeating: .success, count: 10),
    ])
    func halfOfTwentyOperationsOpensIt(outcomes: [BreakerOutcome]) {
        var bench = BreakerBench(maxFailures: 100)
        for outcome in outcomes {
            #expect(bench.state == .closed)
            bench.operate(outcome)
            bench.pass(.milliseconds(100))
        }
        #expect(bench.state == .open)
    }

    @Test func nineteenOperationsAreTooFewForARate() {
        var bench = BreakerBench(maxFailures: 100)
        bench.operate(.failure, times: 19)
        #expect(bench.state == .closed)
        bench.operate(.failure)
        #expect(bench.state == .open)
    }

    @Test func lessThanHalfDoesNotOpenIt() {
        var bench = BreakerBench(maxFailures: 100)
        bench.operate(.success)
        // 9 of 20, 19 of 40, …: the last failure makes it one short of half.
        for _ in 0..<50 {
            bench.operate(.success, .failure, times: 9)
            bench.operate(.success, .success)
            bench.pass(.milliseconds(50))
        }
        #expect(bench.state == .closed)
    }

    @Test func operationsThatWereCancelledAreNotAmongTheTwenty() {
        var bench = BreakerBench(maxFailures: 100)
        bench.operate(.success, .failure, times: 9)
        bench.operate(.ignored, times: 20)
        bench.operate(.failure)
        #expect(bench.state == .closed)
        bench.operate(.failure)
        #expect(bench.state == .open)
    }

    @Test func twentyOperationsOverMoreThanTheIntervalAreNoRate() {
        var bench = BreakerBench(maxFailures: 100)
        for _ in 0..<100 {
            bench.operate(.success, .failure)
            // Ten pairs take longer than the interval.
            bench.pass(.seconds(1.2))
        }
        #expect(bench.state == .closed)
    }

    @Test func oldSuccessesDoNotHideNewFailures() {
        var bench = BreakerBench(maxFailures: 100)
        bench.operate(.success, times: 1000)
        bench.pass(.seconds(10))
        bench.operate(.success, .failure, times: 10)
        #expect(bench.state == .open)
    }

    @Test func theIntervalMayLieAnywhere() {
        var bench = BreakerBench(maxFailures: 100)
        bench.operate(.success)
        bench.pass(.seconds(9))
        bench.operate(.success, .failure, times: 5)
        bench.pass(.seconds(2))
        bench.operate(.success, .failure, times: 5)
        #expect(bench.state == .open)
    }

    @Test func successesAreToldOnlyWhenTheyMatter() {
        var bench = BreakerBench(maxFailures: 100)
        bench.operate(.success)
        // Once in a tenth of the interval.
        #expect(bench.machine.successesMatterFrom.since(bench.now) == .seconds(1))
        bench.operate(.failure)
        #expect(bench.machine.successesMatterFrom < bench.now)
        bench.operate(.success)
        #expect(bench.machine.successesMatterFrom > bench.now)
    }

    // MARK: Earlier states

    @Test func failuresThatBeganInAnEarlierStateAreIgnored() {
        var bench = BreakerBench(maxFailures: 2)
        let late = (0..<10).map { _ in bench.admit() }
        bench.operate(.failure, .failure)
        bench.machine.forceClosed()
        for permit in late { bench.finish(permit, .failure) }
        #expect(bench.state == .closed)
        #expect(bench.machine.consecutiveFailures == 0)
    }

    @Test func successesThatBeganInAnEarlierStateDoNotEndTheRow() {
        var bench = BreakerBench(maxFailures: 2)
        let late = bench.admit()
        bench.operate(.failure, .failure)
        bench.machine.forceClosed()
        bench.operate(.failure)
        bench.finish(late, .success)
        #expect(bench.machine.consecutiveFailures == 1)
        bench.operate(.failure)
        #expect(bench.state == .open)
    }

    @Test func operationsThatBeganInAnEarlierStateAreNotAmongTheTwenty() {
        var bench = BreakerBench(maxFailures: 15)
        let late = (0..<30).map { _ in bench.admit() }
        bench.operate(.failure, times: 15)
        bench.machine.forceClosed()
        bench.operate(.failure, times: 9)
        for permit in late { bench.finish(permit, .success) }
        bench.operate(.success, times: 9)
        bench.operate(.failure)
        #expect(bench.state == .closed)
        bench.operate(.success)
        #expect(bench.state == .open)
    }

    @Test func numbersBelowOneCountAsOne() {
        var config = CircuitBreakerConfig()
        config.maxFailures = 0
        config.successThreshold = -1
        var bench = BreakerBench(config, hasProbe: false)
        bench.operate(.success)
        #expect(bench.state == .closed)
        bench.operate(.failure)
        #expect(bench.state == .open)
        bench.pass(.seconds(30))
        bench.operate(.success)
        #expect(bench.state == .closed)
    }
}
