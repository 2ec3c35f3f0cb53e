import CisternBytes
import CisternResilience
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct AlarmTests {
    @Test func ringingBeforeItWaitsIsAsGoodAsRingingAfter() {
        let scheduler = ManualScheduler()
        let alarm = Alarm()
        alarm.ring()
        alarm.ring()
        #expect(scheduler.start { await alarm.wait() }.isOver)
        let other = Alarm()
        let waiting = scheduler.start { await other.wait() }
        #expect(!waiting.isOver)
        other.ring()
        scheduler.run()
        #expect(waiting.isOver)
    }

    @Test func aCancelledTaskWaitsNoMore() {
        let scheduler = ManualScheduler()
        let alarm = Alarm()
        let waiting = scheduler.start { await alarm.wait() }
        waiting.cancel()
        scheduler.run()
        #expect(waiting.isOver)
        alarm.ring()
    }

    @Test func noRingIsLostBetweenThreads() async {
        for _ in 0..<2000 {
            let alarm = Alarm()
            async let waiting: Void = alarm.wait()
            alarm.ring()
            await waiting
        }
    }
}

@Suite(.timeLimit(.minutes(20))) struct SystemSchedulerTests {
    private let scheduler = SystemScheduler()

    @Test func anActionIsDoneAtItsTimeOrLater() async {
        let deadline = scheduler.now + .milliseconds(5)
        let done = Log<MonotonicTime>()
        _ = scheduler.schedule(at: deadline) { [scheduler] in done.add(scheduler.now) }
        _ = scheduler.schedule(at: MonotonicTime(nanoseconds: 0)) { [scheduler] in done.add(scheduler.now) }
        #expect(await soon { done.entries.count == 2 })
        #expect(done.entries.contains { $0 >= deadline })
    }

    @Test func whatWasCancelledIsNotDone() async {
        let done = Log<String>()
        let action = scheduler.schedule(at: scheduler.now + .milliseconds(50)) { done.add("cancelled") }
        _ = scheduler.schedule(at: scheduler.now + .milliseconds(60)) { done.add("the other") }
        action.cancel()
        action.cancel()
        #expect(await soon { !done.entries.isEmpty })
        #expect(done.entries == ["the other"])
    }
}
