internal import CisternBytes
internal import CisternLocks
package import CisternRESP

/// A write that was sent and whose caller went on without its answer: the server may execute it yet.
///
/// Its end comes when the answer comes late, or when its connection is known to be dead.
package final class UnansweredCommand: Sendable, Equatable {
    /// What has become of it.
    package enum End: Sendable, Equatable {
        /// The server executed it, with this reply.
        case answered(RESPValue)
        /// Its connection is dead: the server executed it before, or will never do so.
        case dead
    }

    private enum State {
        case open(observer: (@Sendable (End) -> Void)?)
        case ended(End)
    }

    private let state = Locked(State.open(observer: nil))

    package init() {}

    /// Has `observer` called with its end, once, at once if that has come. There is one observer.
    package func onEnd(_ observer: @escaping @Sendable (End) -> Void) {
        let end: End? = state.withLock { state in
            if case .ended(let end) = state { return end }
            state = .open(observer: observer)
            return nil
        }
        if let end { observer(end) }
    }

    /// Only the first end counts.
    package func end(_ end: End) {
        let observer: (@Sendable (End) -> Void)? = state.withLock { state in
            guard case .open(let observer) = state else { return nil }
            state = .ended(end)
            return observer
        }
        observer?(end)
    }

    package static func == (left: UnansweredCommand, right: UnansweredCommand) -> Bool { left === right }
}
