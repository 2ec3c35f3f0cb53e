import CisternBytes
import CisternSockets
import TestSupport
import Testing

@Suite(.blocking, .timeLimit(.minutes(20)))
struct CallbackWaitTests {
    /// Waits on a loop for what `start` brings.
    private func wait(
        _ limit: Duration = .seconds(20), _ start: @escaping @Sendable (@escaping @Sendable (Int) -> Void) -> Void
    ) async throws -> Int? {
        try await withLoop { loop in
            await Task(executorPreference: loop) {
                let answer = await loop.waitForCallback(until: .now + limit, start)
                #expect(loop.isCurrent)
                return answer
            }.value
        }
    }

    @Test func anAnswerThatComesAtOnceIsTaken() async throws {
        #expect(try await wait { $0(1) } == 1)
    }

    @Test func anAnswerThatComesLaterFromElsewhereIsTaken() async throws {
        #expect(try await wait { answer in BlockingThreads.shared.run { answer(2) } } == 2)
    }

    @Test func theFirstOfTwoAnswersCounts() async throws {
        let isDone = Count()
        #expect(
            try await wait { answer in
                BlockingThreads.shared.run {
                    answer(1)
                    answer(2)
                    isDone.add()
                }
            } == 1)
        #expect(await comesTrue { isDone.value == 1 })
        #expect(
            try await wait { answer in
                answer(3)
                answer(4)
            } == 3)
    }

    @Test func withoutAnAnswerTheDeadlineEndsTheWait() async throws {
        let start = MonotonicTime.now
        #expect(try await wait(.milliseconds(20)) { _ in } == nil)
        #expect(MonotonicTime.now.since(start) >= .milliseconds(20))
    }

    @Test func anAnswerAfterTheDeadlineIsDropped() async throws {
        let late = Log<@Sendable (Int) -> Void>()
        #expect(try await wait(.milliseconds(1)) { late.add($0) } == nil)
        late.entries.first?(5)
        #expect(late.entries.count == 1)
    }

    @Test(arguments: [true, false])
    func aCancelledTaskDoesNotWait(_ before: Bool) async throws {
        try await withLoop { loop in
            let hasBegun = Count()
            let gate = Semaphore()
            let task = Task(executorPreference: loop) {
                if before { gate.wait() }
                let answer: Int? = await loop.waitForCallback(until: .distantFuture) { _ in hasBegun.add() }
                return answer
            }
            if before {
                task.cancel()
                gate.post()
            } else {
                #expect(await comesTrue { hasBegun.value == 1 })
                task.cancel()
            }
            #expect(await task.value == nil)
            // Returns only if the timer is gone as well.
            await loop.stopped()
        }
    }

    @Test func manyAnswersFromManyThreadsReachThoseWhoWaitForThem() async throws {
        try await withLoop { loop in
            let answers = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<500 {
                    group.addTask(executorPreference: loop) {
                        let answer = await loop.waitForCallback(until: .now + .seconds(20)) { answer in
                            BlockingThreads.shared.run { answer(number) }
                        }
                        return answer == number
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(answers == 500)
        }
    }
}
