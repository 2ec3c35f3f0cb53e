package import CisternBytes
internal import CisternSockets
internal import Synchronization

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

    private static let lastNumber = Atomic(0)

    /// Carries out an operation that ends with `cancelled` at once when its task is cancelled. It is on one of the loops of
    /// `shards`, or on its way to one.
    static func cancellable<Answer: Sendable>(
        until deadline: MonotonicTime, on shards: [RedisShard],
        _ operation: (OperationLimit) async throws(RedisError) -> Answer
    ) async throws(RedisError) -> Answer {
        let limit = OperationLimit(deadline, number: lastNumber.wrappingAdd(1, ordering: .relaxed).newValue)
        let result = await withTaskCancellationHandler {
            do throws(RedisError) {
                return Result<Answer, RedisError>.success(try await operation(limit))
            } catch {
                return Result<Answer, RedisError>.failure(error)
            }
        } onCancel: {
            for shard in shards { shard.loop.submit { shard.assumeIsolated { $0.cancel(limit.number) } } }
        }
        return try result.get()
    }

    /// Whether its task has been cancelled already. What is cancelled from then on is found by its number.
    var isCancelled: Bool { number != 0 && Task.isCancelled }
}
