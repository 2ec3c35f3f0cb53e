internal import CisternBytes
internal import CisternLocks

/// Wakes one task, once. Ringing before it waits is as good as ringing after.
package final class Alarm: Sendable {
    private enum State {
        case set
        case waiting(CheckedContinuation<Void, Never>)
        case rung
    }

    private let state = Locked(State.set)

    package init() {}

    /// Twice is fine.
    package func ring() {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            defer { state = .rung }
            if case .waiting(let waiter) = state { return waiter }
            return nil
        }
        waiter?.resume()
    }

    /// Waits until it rings, or until the task is cancelled.
    package func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isOver = state.withLock { state in
                    if case .rung = state { return true }
                    state = .waiting(waiter)
                    return false
                }
                if isOver { waiter.resume() }
            }
        } onCancel: {
            ring()
        }
    }
}
