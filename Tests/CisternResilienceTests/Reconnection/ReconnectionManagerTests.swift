import CisternBytes
import CisternResilience
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct ReconnectionManagerTests {
    private let scheduler = ManualScheduler()
    private let manager: ReconnectionManager
    /// The number of the connection that comes of an attempt; nil where it fails.
    private let dialing = Asked<Int?>(whenCancelled: .some(nil))

    init() {
        manager = ReconnectionManager(
            backoff: Backoff(minimum: .seconds(1), maximum: .seconds(3)), scheduler: scheduler)
    }

    private func startConnecting() -> Running<Int> {
        scheduler.start { [manager, dialing] in
            try await manager.connect {
                guard let connection = await dialing.ask() else { throw Refused() }
                return connection
            }
        }
    }

    private func answer(_ connection: Int?) {
        dialing.answer(connection)
        scheduler.run()
    }

    // MARK: Connecting

    @Test func connectingReturnsWhatTheAttemptReturns() throws {
        let running = startConnecting()
        #expect(dialing.calls == 1)
        #expect(manager.statistics.state == .connecting)
        answer(7)
        #expect(try running.result?.get() == 7)
        #expect(manager.statistics.state == .connected)
    }

    @Test func itTriesUntilItSucceedsWithABackoffBetween() throws {
        let running = startConnecting()
        for attempt in 1...20 {
            #expect(dialing.calls == attempt)
            answer(nil)
            let pause = try #require(manager.statistics.nextAttemptIn)
            #expect(pause >= .seconds(1) && pause <= .seconds(attempt == 1 ? 2 : 3))
            #expect(manager.errorOfWaiting is Refused)
            scheduler.advance(by: pause - .nanoseconds(1))
            #expect(dialing.calls == attempt)
            scheduler.advance(by: .nanoseconds(1))
        }
        answer(7)
        #expect(try running.result?.get() == 7)
        #expect(manager.errorOfWaiting == nil)
        #expect(scheduler.timers == 0)
    }

    @Test func severalCallersMakeOneAttemptAtATimeAndAllConnect() {
        let running = (0..<5).map { _ in startConnecting() }
        for attempt in 1...3 {
            #expect(dialing.waiting == 1)
            #expect(dialing.calls == attempt)
            answer(nil)
            #expect(dialing.waiting == 0)
            scheduler.advance(by: .seconds(3))
        }
        #expect(dialing.waiting == 1)
        answer(7)
        // Now that there is a connection, all others make theirs.
        #expect(dialing.waiting == 4)
        for number in 1...4 { answer(number) }
        #expect(running.allSatisfy { $0.isOver })
        #expect(scheduler.timers == 0)
    }

    @Test func whoIsCancelledDuringItsAttemptLeavesItToTheNextOne() {
        let first = startConnecting()
        let second = startConnecting()
        #expect(dialing.calls == 1)
        first.cancel()
        scheduler.run()
        #expect(throws: CancellationError.self) { try first.result?.get() }
        #expect(dialing.calls == 2)
        #expect(dialing.waiting == 1)
        #expect(manager.statistics.failures == 0)
        answer(7)
        #expect(second.isOver)
    }

    @Test func whoIsCancelledWhileItWaitsForAnotherOnesAttemptEndsAtOnce() {
        let first = startConnecting()
        let second = startConnecting()
        second.cancel()
        scheduler.run()
        #expect(throws: CancellationError.self) { try second.result?.get() }
        answer(7)
        #expect(first.isOver)
    }

    @Test func whoIsCancelledDuringTheBackoffEndsAtOnceAndLeavesNoTimer() {
        let running = startConnecting()
        answer(nil)
        #expect(scheduler.timers == 1)
        running.cancel()
        scheduler.run()
        #expect(throws: CancellationError.self) { try running.result?.get() }
        #expect(scheduler.timers == 0)
    }

    @Test func whoHasBeenCancelledMakesNoAttempt() {
        let asked = Asked(whenCancelled: ())
        let running = scheduler.start { [manager, dialing] in
            await asked.ask()
            _ = try await manager.connect { await dialing.ask() }
        }
        running.cancel()
        scheduler.run()
        #expect(running.isOver)
        #expect(dialing.calls == 0)
    }

    // MARK: Losses, hurry

    @Test func afterALossThereIsOneAttemptAtOnce() {
        _ = startConnecting()
        answer(1)
        manager.lost()
        let running = (0..<3).map { _ in startConnecting() }
        #expect(dialing.waiting == 1)
        answer(2)
        #expect(dialing.waiting == 2)
        answer(3)
        answer(4)
        #expect(running.allSatisfy { $0.isOver })
    }

    @Test func toldToItReconnectsAtOnce() {
        let running = startConnecting()
        answer(nil)
        manager.reconnectNow()
        scheduler.run()
        #expect(dialing.calls == 2)
        answer(7)
        #expect(running.isOver)
    }

    @Test func theLeastPauseIsKeptEvenWhenToldToReconnect() {
        #expect(manager.begin() == .attempt)
        manager.failed(Refused(), pause: .seconds(30))
        let running = startConnecting()
        manager.reconnectNow()
        scheduler.advance(by: .seconds(30) - .nanoseconds(1))
        #expect(dialing.calls == 0)
        scheduler.advance(by: .nanoseconds(1))
        #expect(dialing.calls == 1)
        answer(7)
        #expect(running.isOver)
    }

    @Test func whoWaitsIsWokenByAnyOutcomeOfTheAttemptInProgress() {
        for outcome in ["succeeded", "failed", "abandoned"] {
            let manager = ReconnectionManager(
                backoff: Backoff(minimum: .seconds(1), maximum: .seconds(1)), scheduler: scheduler)
            #expect(manager.begin() == .attempt)
            let alarm = Alarm()
            #expect(manager.begin(orWait: alarm) == .inProgress)
            let waiting = scheduler.start { await alarm.wait() }
            #expect(!waiting.isOver)
            switch outcome {
            case "succeeded": manager.succeeded()
            case "failed": manager.failed(Refused())
            default: manager.abandoned()
            }
            scheduler.run()
            #expect(waiting.isOver)
        }
    }

    // MARK: What is told

    @Test func changesAreToldOnceEach() {
        let log = Log<ReconnectionManager.StateChange>()
        manager.observe { [unowned manager] change in
            log.add(change)
            _ = manager.statistics
        }
        let running = startConnecting()
        answer(nil)
        scheduler.advance(by: .seconds(3))
        answer(nil)
        scheduler.advance(by: .seconds(3))
        answer(1)
        manager.lost()
        manager.lost()
        #expect(running.isOver)
        #expect(log.entries.map(\.from) == [.connecting, .waiting, .connecting, .waiting, .connecting, .connected])
        #expect(log.entries.map(\.to) == [.waiting, .connecting, .waiting, .connecting, .connected, .connecting])
        #expect(log.entries.map(\.failures) == [1, 1, 2, 2, 2, 0])
        #expect(log.entries.map { $0.error is Refused } == [true, true, true, true, false, false])
    }

    @Test func anObserverMayCallTheManager() {
        let log = Log<ReconnectionManager.State>()
        manager.observe { [unowned manager] change in
            log.add(change.to)
            if change.to == .waiting { manager.reconnectNow() }
        }
        let running = startConnecting()
        answer(nil)
        #expect(dialing.calls == 2)
        answer(1)
        #expect(running.isOver)
        #expect(log.entries == [.waiting, .connecting, .connected])
    }

    @Test func statisticsTellWhatWasTried() {
        #expect(manager.statistics.nextAttemptIn == nil)
        _ = startConnecting()
        answer(nil)
        scheduler.advance(by: .seconds(3))
        answer(1)
        scheduler.advance(by: .seconds(5))
        manager.lost()
        _ = startConnecting()
        answer(2)
        scheduler.advance(by: .seconds(4))
        let statistics = manager.statistics
        #expect(statistics.state == .connected)
        #expect(statistics.inStateFor == .seconds(4))
        #expect(statistics.attempts == 3)
        #expect(statistics.failures == 1)
        #expect(statistics.consecutiveFailures == 0)
        #expect(statistics.losses == 1)
        #expect(statistics.reconnections == 1)
    }
}
