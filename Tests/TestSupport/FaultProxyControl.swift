import CisternBytes
import CisternLocks
import Glibc

/// What the thread of a proxy and those who give it orders share.
final class FaultProxyControl: Sendable {
    struct Order {
        /// nil cuts the connections and leaves the mode.
        var mode: FaultProxy.Mode?
        var done: Semaphore
    }

    struct State {
        var orders: [Order] = []
        var isStopping = false
        /// The thread takes no orders any more.
        var hasEnded = false
        var statistics = FaultProxy.Statistics()
        /// What has come on a connection while it was silent.
        var held: [Int: [UInt8]] = [:]
    }

    let state = Locked(State())
    /// A byte in this pipe wakes the thread.
    let wakeEnd: Int32
    private let orderEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw TestFailure(call: "pipe", error: errno) }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (wakeEnd, orderEnd) = (ends[0], ends[1])
    }

    deinit {
        close(wakeEnd)
        close(orderEnd)
    }

    func order(_ mode: FaultProxy.Mode?) {
        let done = Semaphore()
        let isTaken = state.withLock { state in
            guard !state.hasEnded else { return false }
            state.orders.append(Order(mode: mode, done: done))
            return true
        }
        guard isTaken else { return }
        wake()
        done.wait()
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        order(nil)
    }

    private func wake() {
        var byte: UInt8 = 0
        // A pipe that is full wakes as well.
        _ = write(orderEnd, &byte, 1)
    }
}
