import CisternBytes
import CisternSockets
import TestSupport
import Testing

/// How the thread of a loop comes and goes.
///
/// Threads are told apart by their loops' indices, which are no other test's. A new thread inherits its creator's name,
/// so these tests wait by blocking: a task that is resumed on a loop may have its executor start a thread there.
@Suite(.blocking, .timeLimit(.minutes(20)))
struct EventLoopLifeTests {
    private func threads(_ index: Int) -> Int { ProcessFacts.threads(named: "cistern-loop-\(index)") }

    /// Returns when `work` has been done on the loop.
    private func run(_ loop: EventLoop, _ work: @escaping @Sendable () -> Void = {}) {
        let isDone = Semaphore()
        loop.submit {
            work()
            isDone.post()
        }
        isDone.wait()
    }

    /// Returns when the loop has given its thread up.
    private func stop(_ loop: EventLoop) {
        let isDone = Semaphore()
        loop.stop { isDone.post() }
        isDone.wait()
    }

    @Test func theThreadStartsWithTheFirstWorkAndEndsWithStop() throws {
        let loop = try EventLoop(index: 90)
        #expect(threads(90) == 0)
        run(loop)
        #expect(threads(90) == 1)
        stop(loop)
        #expect(eventually { threads(90) == 0 })
    }

    @Test func whatComesAfterStopIsDoneAndTheThreadEndsAgain() throws {
        let loop = try EventLoop(index: 91)
        run(loop)
        stop(loop)
        let done = Count()
        for _ in 0..<50 { run(loop) { if loop.isCurrent { done.add() } } }
        Task(executorPreference: loop) { if loop.isCurrent { done.add() } }
        #expect(eventually { done.value == 51 })
        #expect(eventually { threads(91) == 0 })
        stop(loop)
    }

    @Test func aLoopStoppedBeforeItsFirstWorkEndsItsThreadAfterIt() throws {
        let loop = try EventLoop(index: 92)
        stop(loop)
        run(loop) { #expect(loop.isCurrent) }
        #expect(eventually { threads(92) == 0 })
    }

    @Test func whoSleepsOnALoopWakesAlthoughItIsStopped() throws {
        let loop = try EventLoop(index: 93)
        let awake = Count()
        Task(executorPreference: loop) {
            await loop.sleep(until: .now + .milliseconds(30))
            if loop.isCurrent { awake.add() }
        }
        run(loop)
        stop(loop)
        #expect(awake.value == 1)
        #expect(eventually { threads(93) == 0 })
    }

    @Test func aLoopCanBeStoppedFromItsOwnThreadAndTwice() throws {
        let loop = try EventLoop(index: 94)
        let log = Log<String>()
        run(loop) {
            loop.stop { log.add("first") }
            loop.stop { log.add("second") }
            log.add("work")
        }
        // Who asks when the loop has parked is answered at once, perhaps before the ending thread has answered all others.
        stop(loop)
        #expect(eventually { log.entries == ["work", "first", "second"] })
        #expect(eventually { threads(94) == 0 })
    }

    @Test func noWorkIsLostWhileALoopIsStoppedOverAndOver() throws {
        let loop = try EventLoop(index: 95)
        let (done, stops) = (Count(), Count())
        for _ in 0..<4 {
            BlockingThreads.shared.run {
                for number in 0..<2000 {
                    loop.submit { done.add() }
                    // Now and then the thread shall have time to end.
                    if number.isMultiple(of: 10) { self.run(loop) }
                }
            }
            BlockingThreads.shared.run {
                for _ in 0..<500 {
                    self.stop(loop)
                    stops.add()
                }
            }
        }
        #expect(eventually { done.value == 8000 && stops.value == 2000 })
        #expect(eventually { threads(95) == 0 })
    }

    @Test func stoppedIsSaidWhenTheWorkGivenBeforeIsDone() throws {
        let loop = try EventLoop(index: 96)
        for _ in 0..<2000 {
            let isDone = Count()
            loop.submit { isDone.add() }
            stop(loop)
            try #require(isDone.value == 1)
        }
    }

    @Test func loopsThatHaveStoppedLeaveNothing() throws {
        let before = ProcessFacts.descriptors
        weak var last: EventLoop?
        for _ in 0..<300 {
            let loop = try EventLoop(index: 97)
            run(loop)
            stop(loop)
            last = loop
        }
        #expect(eventually { threads(97) == 0 })
        #expect(eventually { last == nil })
        // Each has two; other tests have some meanwhile.
        #expect(eventually { ProcessFacts.descriptors < before + 200 })
    }

    @Test func aGroupThatIsDroppedFreesItsLoops() throws {
        weak var loop: EventLoop?
        do {
            let group = try EventLoopGroup(count: 2)
            for loop in group.loops { run(loop) }
            loop = group.loops[1]
        }
        #expect(eventually { loop == nil })
    }
}
