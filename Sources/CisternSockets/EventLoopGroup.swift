internal import Synchronization

/// The event loops of a process or of a client: one thread each.
package final class EventLoopGroup: Sendable {
    package let loops: [EventLoop]
    private let next = Atomic(0)

    package init(count: Int) throws(SocketError) {
        precondition(count > 0, "a group has a loop")
        var loops: [EventLoop] = []
        for index in 0..<count { loops.append(try EventLoop(index: index)) }
        self.loops = loops
    }

    /// The index of the caller's own loop when it is one of the group's, else of each in turn.
    package func preferredIndex() -> Int {
        if let current = EventLoop.current, current.index < loops.count, loops[current.index] === current {
            return current.index
        }
        return Int(UInt(bitPattern: next.wrappingAdd(1, ordering: .relaxed).oldValue) % UInt(loops.count))
    }

    /// Ends the threads, once what runs on them has ended.
    package func stop() async {
        for loop in loops {
            await withUnsafeContinuation { continuation in
                loop.stop { continuation.resume() }
            }
        }
    }

    deinit {
        for loop in loops { loop.stop() }
    }
}
