internal import CisternBytes
internal import Logging
internal import Synchronization

/// Tells an operator that the server has no memory left for writes: at once, and then once a minute as long as it goes on.
///
/// Nothing else does. The server answers, so that no breaker opens, and who is told is the client whose write it was.
final class MemoryAlarm: Sendable {
    private static let pause = Duration.seconds(60)

    private let logger: Logger?
    private let address: String
    /// In nanoseconds of the monotonic clock.
    private let silentUntil = Atomic(Int64.min)

    init(_ logger: Logger?, address: String) {
        self.logger = logger
        self.address = address
    }

    /// Notes that a write was refused; from any thread.
    func ring(_ now: MonotonicTime) {
        let end = silentUntil.load(ordering: .relaxed)
        guard now.nanoseconds >= end else { return }
        let next = (now + Self.pause).nanoseconds
        guard silentUntil.compareExchange(expected: end, desired: next, ordering: .relaxed).exchanged else { return }
        logger?.warning("Redis is out of memory and refuses writes", metadata: ["address": "\(address)"])
    }
}
