import CisternBytes
import CisternLocks
import CisternSockets
import Synchronization
import TestSupport
import Testing

@Suite(.blocking, .timeLimit(.minutes(20)))
struct EventLoopTimerTests {
    @Test func timersFireInTheOrderOfTheirDeadlinesAndNeverEarly() async throws {
        try await withLoop { loop in
            let fired = Log<(number: Int, early: Bool)>()
            var random = SplitMix64(seed: 4)
            let delays = (0..<200).map { _ in Int.random(in: 0...40_000, using: &random) }
            try await loop.perform {
                for (number, delay) in delays.enumerated() {
                    let deadline = loop.now + .microseconds(delay)
                    _ = loop.schedule(at: deadline) { fired.add((number, MonotonicTime.now < deadline)) }
                }
            }
            // The thread stays until the last one has fired.
            await loop.stopped()
            #expect(fired.entries.map { delays[$0.number] } == delays.sorted())
            #expect(!fired.entries.contains { $0.early })
        }
    }

    @Test func aCancelledTimerDoesNotFireEvenIfItIsDueInTheSameTurn() async throws {
        try await withLoop { loop in
            let fired = Log<String>()
            try await loop.perform {
                let second = Mutex<TimerID?>(nil)
                let deadline = loop.now + .milliseconds(1)
                _ = loop.schedule(at: deadline) {
                    fired.add("first")
                    if let timer = second.withLock({ $0 }) { loop.cancel(timer) }
                }
                let timer = loop.schedule(at: deadline) { fired.add("second") }
                second.withLock { $0 = timer }
                _ = loop.schedule(at: deadline) { fired.add("third") }
            }
            await loop.stopped()
            #expect(fired.entries == ["first", "third"])
        }
    }

    @Test func aTimerThatSetsItselfAgainAtOnceKeepsNobodyFromHisTurn() async throws {
        try await withLoop { loop in
            let isOver = Count()
            try await loop.perform { repeatAtOnce(loop, until: { isOver.value > 0 }) }
            let log = Log<String>()
            try await loop.perform {
                _ = loop.schedule(at: loop.now + .milliseconds(2)) { log.add("timer") }
            }
            #expect(await comesTrue { log.entries == ["timer"] })
            isOver.add()
        }
    }

    private func repeatAtOnce(_ loop: EventLoop, until isOver: @escaping () -> Bool) {
        _ = loop.schedule(at: MonotonicTime(nanoseconds: 0)) {
            if !isOver() { repeatAtOnce(loop, until: isOver) }
        }
    }

    @Test func timersAtTheEndsOfTimeAreNoTrouble() async throws {
        try await withLoop { loop in
            let fired = Log<String>()
            let never = try await loop.perform {
                _ = loop.schedule(at: MonotonicTime(nanoseconds: .min)) { fired.add("min") }
                return loop.schedule(at: .distantFuture) { fired.add("never") }
            }
            #expect(await comesTrue { fired.entries == ["min"] })
            try await loop.perform { loop.cancel(never) }
        }
    }

    /// Cancels a timer when it ends.
    private final class Canceller {
        let loop: EventLoop
        let timer: TimerID
        init(_ loop: EventLoop) {
            self.loop = loop
            timer = loop.schedule(at: .distantFuture) {}
        }
        deinit { loop.cancel(timer) }
    }

    @Test func whatATimersActionKeptAliveMayCancelTimersAsItEnds() async throws {
        try await withLoop { loop in
            try await loop.perform {
                let canceller = Canceller(loop)
                loop.cancel(loop.schedule(at: .distantFuture) { withExtendedLifetime(canceller) {} })
            }
            // Returns only if no timer is left.
            await loop.stopped()
        }
    }
}
