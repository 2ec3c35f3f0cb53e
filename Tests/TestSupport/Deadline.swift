import Glibc

/// A point in time after which a blocking operation of a test gives up.
package struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    package init(_ duration: Duration) { end = .now + duration }

    package var hasPassed: Bool { ContinuousClock.now >= end }

    /// What is left, in milliseconds rounded up, for `poll`.
    package var milliseconds: Int32 {
        let left = end - .now
        guard left > .zero else { return 0 }
        return Int32(clamping: Int64(left / .milliseconds(1)) + 1)
    }

    /// Waits until the descriptor is ready for `events`; false when the deadline came first.
    package func wait(for events: Int32, on descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let ready = poll(&entry, 1, milliseconds)
            if ready > 0 { return true }
            if ready == 0, hasPassed { return false }
            if ready < 0, errno != EINTR { return true }
        }
    }
}

/// Asks every two milliseconds until `condition` gives a value; nil when `limit` has passed without one.
package func poll<Value>(within limit: Duration, _ condition: () throws -> Value?) rethrows -> Value? {
    let deadline = Deadline(limit)
    while true {
        if let value = try condition() { return value }
        if deadline.hasPassed { return nil }
        usleep(2000)
    }
}

/// Asks every two milliseconds whether `condition` has come true; false when `limit` has passed before it did. It is long
/// because what is waited for may need the pool, which tests that compute can hold for half a minute on a busy machine.
package func eventually(within limit: Duration = .seconds(60), _ condition: () throws -> Bool) rethrows -> Bool {
    try poll(within: limit) { try condition() ? true : nil } ?? false
}
