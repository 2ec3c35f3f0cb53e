internal import CisternSockets
internal import Synchronization

/// What happened on one loop's connections. Written by that loop alone, read from any thread.
package final class HTTPCounters: Sendable {
    let resting = LoopCounter()
    let accepted = LoopCounter()
    let refused = LoopCounter()
    let requests = LoopCounter()
    let rejections = LoopCounter()
    let failedHandshakes = LoopCounter()
    let bytesRead = LoopCounter()
    let bytesWritten = LoopCounter()
}

/// What a server counts: one set for each loop, and the open connections of all.
package final class HTTPServerCounters: Sendable {
    package let loops: [HTTPCounters]
    let open = SharedCount()

    package init(loops: Int) {
        self.loops = (0..<loops).map { _ in HTTPCounters() }
    }

    /// The sums over all loops. From any thread.
    package var statistics: HTTPStatistics {
        var sum = HTTPStatistics()
        sum.open = open.value
        for loop in loops { sum.add(loop) }
        return sum
    }
}

/// What a server's connections have done since it started.
package struct HTTPStatistics: Sendable {
    package var open = 0
    /// Those of them that have had no request for a while, and cost next to nothing.
    package var resting = 0
    package var accepted = 0
    package var refused = 0
    package var requests = 0
    package var rejections = 0
    package var failedHandshakes = 0
    package var bytesRead = 0
    package var bytesWritten = 0

    fileprivate mutating func add(_ counters: HTTPCounters) {
        resting += counters.resting.value
        accepted += counters.accepted.value
        refused += counters.refused.value
        requests += counters.requests.value
        rejections += counters.rejections.value
        failedHandshakes += counters.failedHandshakes.value
        bytesRead += counters.bytesRead.value
        bytesWritten += counters.bytesWritten.value
    }
}

/// A number that several loops change.
final class SharedCount: Sendable {
    private let number = Atomic(0)

    var value: Int { number.load(ordering: .relaxed) }

    /// Adds one; the result is the new number.
    func increase() -> Int { number.wrappingAdd(1, ordering: .relaxed).newValue }

    func decrease() { number.wrappingSubtract(1, ordering: .relaxed) }
}

/// How near a server is to its end, said to all loops at once.
final class SharedEnding: Sendable {
    private let phase = Atomic<UInt8>(0)

    /// Every response ends its connection, and new ones are welcome.
    var isNear: Bool { phase.load(ordering: .relaxed) > 0 }

    /// No connection is to have another request.
    var hasBegun: Bool { phase.load(ordering: .relaxed) > 1 }

    func announce() { _ = phase.max(1, ordering: .relaxed) }

    func begin() { _ = phase.max(2, ordering: .relaxed) }
}
