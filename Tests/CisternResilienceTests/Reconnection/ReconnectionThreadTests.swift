import CisternBytes
import CisternLocks
import CisternResilience
import TestSupport
import Testing

/// How many attempts are in progress, and how many have been.
private final class Attempts: Sendable {
    private let counts = Locked((now: 0, most: 0, failed: 0))

    var now: Int { counts.withLock { $0.now } }
    var most: Int { counts.withLock { $0.most } }
    var failed: Int { counts.withLock { $0.failed } }

    func attempt(fails: Bool) async throws {
        counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.failed) }
        await Task.yield()
        counts.withLock { $0 = ($0.now - 1, $0.most, $0.failed + (fails ? 1 : 0)) }
        if fails { throw Refused() }
    }
}

@Suite(.timeLimit(.minutes(20))) struct ReconnectionThreadTests {
    private let manager = ReconnectionManager(backoff: Backoff(minimum: .microseconds(1), maximum: .microseconds(50)))
    private let attempts = Attempts()

    @Test func beforeThereIsAConnectionNeverTwoAttemptsAreInProgress() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 {
                group.addTask { [manager, attempts] in
                    try await manager.connect {
                        // Once one has succeeded, the others may come together.
                        if attempts.failed < 200 { try await attempts.attempt(fails: true) }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(attempts.failed == 200)
        #expect(attempts.most == 1)
        #expect(manager.statistics.attempts == 216)
    }

    /// Every caller gets its connection, whoever fails, is cancelled, or is told to hurry at the same time.
    @Test func noWakeUpIsLost() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 0..<32 as Range<UInt64> {
                group.addTask { [manager, attempts] in
                    var random = SplitMix64(seed: seed)
                    for _ in 0..<25 {
                        let fails = random.next() % 4 == 0
                        let task = Task {
                            try await manager.connect { try await attempts.attempt(fails: fails && Bool.random()) }
                        }
                        switch random.next() % 4 {
                        case 0: task.cancel()
                        case 1: manager.lost()
                        case 2: manager.reconnectNow()
                        default: break
                        }
                        do { try await task.value } catch is CancellationError {}
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(attempts.now == 0)
        #expect(manager.statistics.failures <= attempts.failed)
    }
}
