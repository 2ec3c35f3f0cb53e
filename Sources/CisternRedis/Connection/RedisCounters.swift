internal import Synchronization

/// What happened on one event loop's share of the connections. Written by that loop alone, read from any thread.
final class RedisCounters: Sendable {
    let open = Counter()
    let usable = Counter()
    let idle = Counter()
    let waiting = Counter()
    let commands = Counter()
    let dials = Counter()
    let dialFailures = Counter()
    let retries = Counter()
    let timeouts = Counter()
    let poolTimeouts = Counter()
    let connectionsLost = Counter()
    let reconnects = Counter()
    /// The place of the last failed attempt's kind in `RedisError.Kind.allCases`; -1 when the last one succeeded.
    let lastFailure = Counter(-1)
}

/// A number with one writer.
final class Counter: Sendable {
    private let number: Atomic<Int>

    init(_ initial: Int = 0) { number = Atomic(initial) }

    var value: Int { number.load(ordering: .relaxed) }

    /// Adds without a locked instruction: nobody else writes.
    func add(_ n: Int = 1) {
        number.store(number.load(ordering: .relaxed) &+ n, ordering: .relaxed)
    }

    func set(_ n: Int) {
        number.store(n, ordering: .relaxed)
    }
}
