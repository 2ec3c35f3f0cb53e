import CisternBytes
import CisternLocks
import Glibc

/// Threads on which a test may block. The cooperative pool has one thread per core, and two tests that wait for a
/// process there would stop every other test; these are made as they are needed and used again.
package final class BlockingThreads: TaskExecutor {
    package static let shared = BlockingThreads()

    private struct State {
        var work: [@Sendable () -> Void] = []
        var idle = 0
    }
    private let state = Locked(State())
    private let wake: Semaphore

    private init() { wake = Semaphore() }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        run { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Runs `work` on a thread of its own, at once.
    package func run(_ work: @escaping @Sendable () -> Void) {
        let isNew = state.withLock { state in
            state.work.append(work)
            guard state.idle > 0 else { return true }
            state.idle -= 1
            return false
        }
        if isNew { startThread() } else { wake.post() }
    }

    private func startThread() {
        var thread = pthread_t()
        let created = pthread_create(
            &thread, nil,
            { _ in
                BlockingThreads.shared.serve()
                return nil
            }, nil)
        precondition(created == 0, "pthread_create: \(systemMessage(created))")
        pthread_detach(thread)
    }

    private func serve() {
        while true {
            let next = state.withLock { state -> (@Sendable () -> Void)? in
                if state.work.isEmpty {
                    state.idle += 1
                    return nil
                }
                return state.work.removeFirst()
            }
            if let next { next() } else { wake.wait() }
        }
    }
}

/// Runs blocking work on a thread of its own, while the calling task waits without holding one.
package func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        BlockingThreads.shared.run { continuation.resume(with: Result(catching: work)) }
    }
}

/// The C library's counting semaphore.
package final class Semaphore: @unchecked Sendable {
    // Sendable: the pointer never changes, and sem_post and sem_wait are made for several threads.
    private let pointer = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    package init(_ value: UInt32 = 0) { sem_init(pointer, 0, value) }

    deinit {
        sem_destroy(pointer)
        pointer.deallocate()
    }

    package func post() { sem_post(pointer) }

    package func wait() {
        while sem_wait(pointer) != 0 {}
    }
}
