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
    let congested = LoopCounter()
    let outOfMemory = LoopCounter()
    let connectionsLost = LoopCounter()
    let roundTrips = LatencyHistogram()
    /// When an operation was answered last, in nanoseconds of the monotonic clock.
    let lastReply = LoopCounter(.min)
}
