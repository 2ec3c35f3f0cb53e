package import CisternBytes

/// What time it is, and who sees to it that something is done later: the system, an event loop, or a test.
package protocol Scheduler: Sendable {
    var now: MonotonicTime { get }
    /// Where tasks should run; nil for anywhere.
    var executor: (any TaskExecutor)? { get }
    /// Calls `action` once at `deadline` or a little later, on any thread, unless it is cancelled first.
    func schedule(at deadline: MonotonicTime, _ action: @escaping @Sendable () -> Void) -> ScheduledAction
}

/// Something that will be done, until it is cancelled.
package struct ScheduledAction: Sendable {
    private let onCancel: @Sendable () -> Void

    package init(onCancel: @escaping @Sendable () -> Void) { self.onCancel = onCancel }

    /// Twice is fine, and so is doing it too late.
    package func cancel() { onCancel() }
}

/// The system's clock and its tasks.
package struct SystemScheduler: Scheduler {
    package init() {}

    package var now: MonotonicTime { .now }
    package var executor: (any TaskExecutor)? { nil }

    package func schedule(at deadline: MonotonicTime, _ action: @escaping @Sendable () -> Void) -> ScheduledAction {
        let task = Task {
            do {
                try await Task.sleep(for: max(.zero, deadline.since(.now)))
                action()
            } catch {
                // Cancelled.
            }
        }
        return ScheduledAction { task.cancel() }
    }
}
