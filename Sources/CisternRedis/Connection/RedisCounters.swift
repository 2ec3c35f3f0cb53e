internal import CisternSockets

/// What happened on one event loop's share of the connections. Written by that loop alone, read from any thread.
final class RedisCounters: Sendable {
    let open = LoopCounter()
    let usable = LoopCounter()
    let idle = LoopCounter()
    let waiting = LoopCounter()
    let commands = LoopCounter()
    let dials = LoopCounter()
    let dialFailures = LoopCounter()
    let retries = LoopCounter()
    let timeouts = LoopCounter()
    let poolTimeouts = LoopCounter()
    let connectionsLost = LoopCounter()
    let reconnects = LoopCounter()
    /// The place of the last failed attempt's kind in `RedisError.Kind.allCases`; -1 when the last one succeeded.
    let lastFailure = LoopCounter(-1)
}
