import CisternSockets
import TestSupport
import Testing

/// Lives on a loop.
private actor Resident {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private(set) var count = 0

    init(_ loop: EventLoop) { self.loop = loop }

    var isOnLoop: Bool { loop.isCurrent }

    func add() { count += 1 }

    func note(_ entry: String, in log: Log<String>) { log.add(entry) }

    /// Calls the other one while a job waits for its turn.
    func call(_ other: Resident, _ log: Log<String>) async {
        let waiting = Task(executorPreference: loop) { log.add("job") }
        log.add("before")
        await other.note("call", in: log)
        log.add("after")
        await waiting.value
    }

    func leaveAndComeBack() async -> Bool {
        let elsewhere = await Task.detached { EventLoop.current == nil }.value
        return elsewhere && loop.isCurrent
    }
}

@Suite(.blocking, .timeLimit(.minutes(20)))
struct EventLoopExecutorTests {
    @Test func anActorPinnedToALoopRunsOnIt() async throws {
        try await withLoop { loop in
            let resident = Resident(loop)
            #expect(await resident.isOnLoop)
            #expect(await resident.leaveAndComeBack())
            #expect(!loop.isCurrent)
        }
    }

    @Test func aCallBetweenActorsOfALoopDoesNotWaitForItsTurnInATaskThatPrefersTheLoop() async throws {
        try await withLoop { loop in
            let log = Log<String>()
            await Task(executorPreference: loop) { await Resident(loop).call(Resident(loop), log) }.value
            #expect(log.entries == ["before", "call", "after", "job"])
        }
    }

    @Test func aTaskThatPrefersALoopRunsOnItAndCallsItsActorsInPlace() async throws {
        try await withLoop { loop in
            let resident = Resident(loop)
            let log = Log<String>()
            let task = Task(executorPreference: loop) {
                log.add("\(loop.isCurrent)")
                let waiting = Task(executorPreference: loop) { log.add("job") }
                await resident.note("call", in: log)
                await waiting.value
                _ = await Task.detached {}.value
                log.add("\(EventLoop.current === loop)")
            }
            await task.value
            #expect(log.entries == ["true", "call", "job", "true"])
        }
    }

    @Test func anActorOfAnotherLoopRunsThere() async throws {
        try await withLoop { here in
            try await withLoop { there in
                let resident = Resident(there)
                let task = Task(executorPreference: here) { await (here.isCurrent, resident.isOnLoop, here.isCurrent) }
                #expect(await task.value == (true, true, true))
            }
        }
    }

    @Test func whatEightThreadsSubmitIsDoneOnceAndInTheOrderOfEach() async throws {
        try await withLoop { loop in
            let done = Log<(thread: Int, number: Int)>()
            await withDiscardingTaskGroup { group in
                for thread in 0..<8 {
                    group.addTask {
                        for number in 0..<5000 { loop.submit { done.add((thread, number)) } }
                    }
                }
            }
            // Behind everything that was submitted before it.
            try await loop.perform {}
            for thread in 0..<8 {
                let numbers = done.entries.filter { $0.thread == thread }.map(\.number)
                #expect(numbers == Array(0..<5000))
            }
        }
    }

    @Test func noCallOfManyTasksIsLost() async throws {
        try await withLoop { loop in
            let resident = Resident(loop)
            await withDiscardingTaskGroup { group in
                for _ in 0..<8 { group.addTask { for _ in 0..<2000 { await resident.add() } } }
            }
            #expect(await resident.count == 16_000)
        }
    }

    @Test func aGroupPrefersTheCallersOwnLoopAndElseTakesTurns() async throws {
        let group = try EventLoopGroup(count: 3)
        for loop in group.loops { #expect(try await loop.perform { group.preferredIndex() } == loop.index) }
        #expect((0..<6).map { _ in group.preferredIndex() } == [0, 1, 2, 0, 1, 2])
        let stranger = try EventLoop(index: 1)
        #expect(try await stranger.perform { group.preferredIndex() } == 0)
        await stranger.stopped()
        await group.stop()
    }
}
