import CisternBytes
import CisternLocks
import CisternSockets
import Synchronization
import TestSupport

extension EventLoop {
    /// Does `work` on the loop's thread and returns what it came to.
    func perform<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit { continuation.resume(with: Result(catching: work)) }
        }
    }

    /// Lets so many turns of the loop go by.
    func turns(_ count: Int) async throws {
        for _ in 0..<count { try await perform {} }
    }

    /// Stops and waits until the loop has given its thread up.
    func stopped() async {
        await withCheckedContinuation { continuation in stop { continuation.resume() } }
    }
}

/// Runs `body` with a loop of its own, which has stopped when this returns.
func withLoop<Value>(_ body: (EventLoop) async throws -> Value) async throws -> Value {
    let loop = try EventLoop()
    do {
        let value = try await body(loop)
        await loop.stopped()
        return value
    } catch {
        await loop.stopped()
        throw error
    }
}

/// Notes what happens, in order, from any thread.
final class Log<Entry: Sendable>: Sendable {
    private let state = Locked<[Entry]>([])

    func add(_ entry: Entry) { state.withLock { $0.append(entry) } }

    var entries: [Entry] { state.withLock { $0 } }
}

/// Counts, from any thread.
final class Count: Sendable {
    private let count = Atomic(0)

    func add() { count.add(1, ordering: .relaxed) }

    var value: Int { count.load(ordering: .relaxed) }
}

/// Asks every millisecond, without holding a thread, whether `condition` has come true; false when it takes too long.
func comesTrue(_ condition: () async -> Bool) async -> Bool {
    let deadline = MonotonicTime.now + .seconds(20)
    while !(await condition()) {
        if MonotonicTime.now >= deadline { return false }
        try? await Task.sleep(for: .milliseconds(1))
    }
    return true
}
