internal import CisternSockets
internal import Synchronization

/// What happened on one loop's connections. Written by that loop alone, read from any thread.
package final class HTTPCounters: Sendable {
    let accepted = LoopCounter()
    let refused = LoopCounter()
    let requests = LoopCounter()
    let rejections = LoopCounter()
    let bytesRead = LoopCounter()
    let bytesWritten = LoopCounter()

    func addBytes(of connection: HTTPConnection) {
        bytesRead.add(connection.stream.bytesRead)
        bytesWritten.add(connection.stream.bytesWritten)
    }
}

/// A number with one writer, so that adding needs no locked instruction.
package final class LoopCounter: Sendable {
    private let number = Atomic(0)

    package init() {}

    package var value: Int { number.load(ordering: .relaxed) }

    package func add(_ n: Int = 1) {
        number.store(number.load(ordering: .relaxed) &+ n, ordering: .relaxed)
    }

    package func set(_ n: Int) {
        number.store(n, ordering: .relaxed)
    }
}
