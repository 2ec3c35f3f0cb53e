internal import CisternBytes
internal import CisternLocks
internal import CisternRESP
internal import CisternResilience
internal import CisternSockets

/// Asks the server for a sign of life, for the breakers and the health checker.
final class RedisProber: Sendable {
    private struct Weak: Sendable {
        weak let shard: RedisShard?
    }

    private let shards = Locked<[Weak]>([])
    private let limit: Duration
    /// A key that nobody has: deleting it writes nothing, and is refused as every write is where writes are refused.
    private let nobodysKey = Bytes("cistern:probe:\(UInt64.random(in: 0...UInt64.max))")

    /// - Parameter limit: How long an answer may take.
    init(limit: Duration) { self.limit = limit }

    func use(_ shards: [RedisShard]) {
        self.shards.withLock { $0 = shards.map { Weak(shard: $0) } }
    }

    private var all: [RedisShard] { shards.withLock { $0.compactMap(\.shard) } }

    /// The shard to ask: one that has a connection, if there is one.
    private var shard: RedisShard? {
        let all = all
        return all.first { $0.counters.usable.value > 0 } ?? all.first
    }

    /// When an operation was answered last; nil for never.
    var lastReply: MonotonicTime? {
        let last = all.map { $0.counters.lastReply.value }.max() ?? .min
        return last == .min ? nil : MonotonicTime(nanoseconds: Int64(last))
    }

    /// PING, for the breaker of all operations.
    func probe() async -> BreakerOutcome {
        switch await answer(to: ["PING"]) {
        case nil: .success
        case let error?: error.breakerEffect.outcome
        }
    }

    /// A write that changes nothing, for the breaker of writes.
    func probeWriting() async -> BreakerOutcome {
        switch await answer(to: ["DEL", nobodysKey]) {
        case nil: .success
        // This user may not write such a key, and so it says nothing of whether writes are taken.
        case let error? where error.kind == .authentication: .ignored
        case let error?: error.breakerEffect.outcomeOfWrite
        }
    }

    /// PING, for the health checker.
    func check() async -> HealthCheckResult {
        switch await answer(to: ["PING"]) {
        case nil: .passed
        case let error? where error.breakerEffect.outcome == .success: .passed
        case let error?: error.kind == .timeout || error.kind == .pool ? .timedOut : .failed
        }
    }

    /// The error that a command is answered with; nil for another answer.
    private func answer(to command: [Bytes]) async -> RedisError? {
        guard let shard else { return ErrorHandler.clientClosed }
        return await shard.failure(of: command, within: limit)
    }
}

extension RedisShard {
    fileprivate nonisolated func failure(of command: [Bytes], within limit: Duration) async -> RedisError? {
        do throws(RedisError) {
            try await OperationLimit.cancellable(until: .now + limit, on: [self]) { limit throws(RedisError) in
                _ = try await self.command(.probe, limit, isRepeatable: true) { $0.appendRESPCommand(command) }
            }
            return nil
        } catch {
            return error
        }
    }
}
