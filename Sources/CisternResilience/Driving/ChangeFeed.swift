internal import CisternBytes
internal import CisternLocks

/// Tells observers what has changed: in order, one at a time, and outside any lock, whatever the threads are on which
/// things change.
final class ChangeFeed<Change: Sendable>: Sendable {
    typealias Observer = @Sendable (Change) -> Void

    private struct State {
        var observers: [Observer] = []
        var waiting: [Change] = []
        var isDelivering = false
    }

    private let state = Locked(State())

    func observe(_ observer: @escaping Observer) {
        state.withLock { $0.observers.append(observer) }
    }

    /// Queues a change. To be called where the change is made, under the lock that orders changes; `deliver` comes after it.
    func post(_ change: Change) {
        state.withLock { $0.waiting.append(change) }
    }

    /// Calls the observers, unless somebody is doing that already, who then goes on with what was queued meanwhile.
    func deliver() {
        while true {
            let batch: ([Change], [Observer])? = state.withLock { state in
                guard !state.isDelivering, !state.waiting.isEmpty else { return nil }
                state.isDelivering = true
                defer { state.waiting = [] }
                return (state.waiting, state.observers)
            }
            guard let (changes, observers) = batch else { return }
            for change in changes { for observer in observers { observer(change) } }
            state.withLock { $0.isDelivering = false }
        }
    }
}
