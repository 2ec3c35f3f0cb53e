package import CisternBytes

/// When an operation must have ended, and the name by which it can be ended before.
package struct OperationLimit: Sendable {
    /// When it ends with `timeout` at the latest.
    package let deadline: MonotonicTime
    /// By which `RedisClient.cancel` finds it, wherever it waits; 0 for one that nobody cancels.
    let number: Int

    /// The limit of an operation whose task nobody cancels, as the task of a connection: listening for a cancellation costs
    /// more than sending a command. See `RedisClient.cancellable`.
    package init(_ deadline: MonotonicTime) { self.init(deadline, number: 0) }

    init(_ deadline: MonotonicTime, number: Int) {
        self.deadline = deadline
        self.number = number
    }

    /// Whether its task has been cancelled already. What is cancelled from then on is found by its number.
    var isCancelled: Bool { number != 0 && Task.isCancelled }
}
