internal import CisternLocks
internal import Glibc
internal import Synchronization

/// Writes to a descriptor from a thread of its own, so that a reader who stalls holds up nobody. What is too much for its
/// memory is dropped and counted.
package final class BackgroundWriter: Sendable {
    private struct State: Sendable {
        /// What waits to be written.
        var waiting: [UInt8] = []
        var isWriting = false
        var hasThread = false
    }

    /// A semaphore that the thread sleeps on; it never moves.
    private final class Bell: Sendable {
        nonisolated(unsafe) private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

        init() { sem_init(semaphore, 0, 0) }

        deinit {
            sem_destroy(semaphore)
            semaphore.deallocate()
        }

        func ring() { sem_post(semaphore) }
        func wait() { while sem_wait(semaphore) != 0 {} }
    }

    private let descriptor: CInt
    private let room: Int
    private let state = Locked(State())
    private let bell = Bell()
    private let isOver = Atomic(false)
    private let lost = Atomic(0)

    /// - Parameters:
    ///   - descriptor: Where to; it is not closed.
    ///   - room: Bytes that may wait.
    package init(descriptor: CInt, room: Int = 1 << 20) {
        self.descriptor = descriptor
        self.room = room
    }

    /// Ends its thread when nobody can write any more.
    deinit {
        isOver.store(true, ordering: .releasing)
        bell.ring()
    }

    /// Pieces that were dropped, for want of room or because they could not be written.
    package var dropped: Int { lost.load(ordering: .relaxed) }

    /// Whether everything has been written.
    package var isIdle: Bool { state.withLock { $0.waiting.isEmpty && !$0.isWriting } }

    /// Writes a piece behind those before it, in one stretch, or drops it.
    package func write(_ piece: [UInt8]) {
        let (isKept, isFirst, needsThread) = state.withLock { state in
            guard state.waiting.count + piece.count <= room else { return (false, false, false) }
            let isFirst = state.waiting.isEmpty
            state.waiting.append(contentsOf: piece)
            let needsThread = !state.hasThread
            state.hasThread = true
            return (true, isFirst, needsThread)
        }
        guard isKept else {
            lost.add(1, ordering: .relaxed)
            return
        }
        if needsThread { startThread() }
        if isFirst { bell.ring() }
    }

    private func startThread() {
        let bell = bell
        let result = DetachedThread.start(named: "cistern-log") { [weak self] in
            while true {
                bell.wait()
                // Held while it writes and not while it sleeps.
                guard let self, !self.isOver.load(ordering: .acquiring) else { return }
                self.writeWaiting()
            }
        }
        // Then nothing is written, and what comes is dropped when the room is full.
        if result != 0 { lost.add(1, ordering: .relaxed) }
    }

    private func writeWaiting() {
        while true {
            let bytes = state.withLock { state in
                state.isWriting = !state.waiting.isEmpty
                let bytes = state.waiting
                state.waiting = []
                return bytes
            }
            if bytes.isEmpty { return }
            if !Self.write(bytes, to: descriptor) { lost.add(1, ordering: .relaxed) }
        }
    }

    /// Writes everything, however long the reader takes; false when it cannot be written at all.
    private static func write(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count, let base = bytes.baseAddress {
                let count = Glibc.write(descriptor, base + written, bytes.count - written)
                if count >= 0 {
                    written += count
                } else if errno == EAGAIN {
                    var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = Glibc.poll(&poll, 1, 1000)
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
