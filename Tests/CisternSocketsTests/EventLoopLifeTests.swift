import CisternSockets
import TestSupport
import Testing

/// How the thread of a loop comes and goes. The loops' indices are theirs alone, so that their threads can be told apart.
@Suite(.timeLimit(.minutes(1)))
struct EventLoopLifeTests {
    private func threads(_ index: Int) -> Int { ProcessFacts.threads(named: "cistern-loop-\(index)") }

    @Test func theThreadStartsWithTheFirstWorkAndEndsWithStop() async throws {
        let loop = try EventLoop(index: 90)
        #expect(threads(90) == 0)
        try await loop.perform {}
        #expect(threads(90) == 1)
        await loop.stopped()
        #expect(await comesTrue { threads(90) == 0 })
    }

    @Test func whatComesAfterStopIsDoneAndTheThreadEndsAgain() async throws {
        let loop = try EventLoop(index: 91)
        try await loop.perform {}
        await loop.stopped()
        for _ in 0..<50 { #expect(try await loop.perform { loop.isCurrent }) }
        #expect(await Task(executorPreference: loop) { loop.isCurrent }.value)
        #expect(await comesTrue { threads(91) == 0 })
        await loop.stopped()
    }

    @Test func aLoopStoppedBeforeItsFirstWorkEndsItsThreadAfterIt() async throws {
        let loop = try EventLoop(index: 92)
        await loop.stopped()
        #expect(try await loop.perform { loop.isCurrent })
        #expect(await comesTrue { threads(92) == 0 })
    }

    @Test func whoSleepsOnALoopWakesAlthoughItIsStopped() async throws {
        let loop = try EventLoop(index: 93)
        let sleeper = Task(executorPreference: loop) {
            await loop.sleep(until: .now + .milliseconds(30))
            return loop.isCurrent
        }
        try await loop.perform {}
        await loop.stopped()
        #expect(await sleeper.value)
        #expect(await comesTrue { threads(93) == 0 })
    }

    @Test func aLoopCanBeStoppedFromItsOwnThreadAndTwice() async throws {
        let loop = try EventLoop(index: 94)
        let log = Log<String>()
        try await loop.perform {
            loop.stop { log.add("first") }
            loop.stop { log.add("second") }
            log.add("work")
        }
        #expect(await comesTrue { log.entries == ["work", "first", "second"] })
        await loop.stopped()
        #expect(await comesTrue { threads(94) == 0 })
    }

    @Test func noWorkIsLostWhileALoopIsStoppedOverAndOver() async throws {
        let loop = try EventLoop(index: 95)
        let done = Count()
        await withDiscardingTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<1000 {
                        loop.submit { done.add() }
                        if Bool.random() { await Task.yield() }
                    }
                }
                group.addTask { for _ in 0..<200 { await loop.stopped() } }
            }
        }
        #expect(await comesTrue { done.value == 4000 })
        #expect(await comesTrue { threads(95) == 0 })
    }

    @Test func stoppedIsSaidWhenTheWorkGivenBeforeIsDone() async throws {
        let loop = try EventLoop(index: 96)
        for _ in 0..<2000 {
            let isDone = Count()
            loop.submit { isDone.add() }
            await loop.stopped()
            try #require(isDone.value == 1)
        }
    }

    @Test func loopsThatHaveStoppedLeaveNothing() async throws {
        let before = ProcessFacts.descriptors
        weak var last: EventLoop?
        for _ in 0..<300 {
            let loop = try EventLoop(index: 97)
            try await loop.perform {}
            await loop.stopped()
            last = loop
        }
        #expect(await comesTrue { threads(97) == 0 })
        #expect(await comesTrue { last == nil })
        // Each has two; other tests have some meanwhile.
        #expect(await comesTrue { ProcessFacts.descriptors < before + 200 })
    }

    @Test func aGroupThatIsDroppedEndsItsThreads() async throws {
        do {
            let loops = try (98...99).map { try EventLoop(index: $0) }
            for loop in loops {
                try await loop.perform {}
                loop.stop()
            }
        }
        #expect(await comesTrue { threads(98) + threads(99) == 0 })
    }
}
