package import CisternBytes
import CisternLocks
import Glibc

/// A server that behaves as its script says, for what a real Redis does too seldom: silence, replies in pieces, a
/// reset in the middle of one.
package final class FaultServer: Sendable {
    package enum Step: Sendable {
        /// Reads until this many bytes have come since the last such step.
        case receive(Int)
        /// Reads until these bytes have come, the last of them since the step before.
        case receiveThrough(Bytes)
        /// Sends each piece in a segment of its own.
        case send([Bytes])
        /// Says nothing for this long, and reads nothing.
        case pause(Duration)
        /// Goes on with reading, and says nothing, until the peer or the server ends.
        case silence
        /// Resets the connection.
        case reset
        /// Ends the connection in order.
        case close
    }

    package let port: UInt16
    private let listener: Int32
    private let state = Locked(State())

    private struct State {
        var received: [[UInt8]] = []
        var isStopped = false
        var open: Set<Int32> = []
    }

    /// - Parameter script: What happens on a connection, by its number from 0. After the last step the connection is
    ///   closed.
    package init(port: UInt16 = 0, script: @escaping @Sendable (_ connection: Int) -> [Step]) throws {
        (listener, self.port) = try SocketCalls.listen(port: port)
        let listener = listener
        // The thread holds the server only while it serves someone, so that `deinit` can end it.
        BlockingThreads.shared.run { [weak self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    break
                }
                guard let self, self.begin(descriptor, script) else {
                    Glibc.close(descriptor)
                    break
                }
            }
            Glibc.close(listener)
        }
    }

    deinit { stop() }

    /// How many connections have been made.
    package var connections: Int { state.withLock { $0.received.count } }

    /// All that has come on a connection; empty before it was made.
    package func received(on connection: Int = 0) -> Bytes {
        state.withLock { $0.received.indices.contains(connection) ? Bytes($0.received[connection]) : Bytes() }
    }

    /// Ends all connections and accepts no other one.
    package func stop() {
        let descriptors = state.withLock { state -> Set<Int32>? in
            guard !state.isStopped else { return nil }
            state.isStopped = true
            // Inside the lock: a descriptor leaves the set before it is closed, so none of these is another's.
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
            return state.open
        }
        if descriptors != nil { shutdown(listener, Int32(SHUT_RDWR)) }
    }

    private func begin(_ descriptor: Int32, _ script: @escaping @Sendable (Int) -> [Step]) -> Bool {
        let number = state.withLock { state -> Int? in
            guard !state.isStopped else { return nil }
            state.open.insert(descriptor)
            state.received.append([])
            return state.received.count - 1
        }
        guard let number else { return false }
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
        BlockingThreads.shared.run { [weak self] in
            var wantsReset = false
            for step in script(number) {
                guard let self else { break }
                if case .reset = step { wantsReset = true }
                guard self.perform(step, on: descriptor, number) else { break }
            }
            _ = self?.state.withLock { $0.open.remove(descriptor) }
            if wantsReset { SocketCalls.reset(descriptor) } else { Glibc.close(descriptor) }
        }
        return true
    }

    /// False when the connection is at its end.
    private func perform(_ step: Step, on descriptor: Int32, _ number: Int) -> Bool {
        switch step {
        case .receive(let count):
            var missing = count
            while missing > 0 {
                guard let bytes = read(descriptor, number, atMost: missing) else { return false }
                missing -= bytes
            }
            return true
        case .receiveThrough(let mark):
            repeat {
                guard read(descriptor, number, atMost: 1) != nil else { return false }
            } while !ends(number, with: mark)
            return true
        case .send(let pieces):
            for (index, piece) in pieces.enumerated() {
                if index > 0 { usleep(1000) }
                let sent: Void? = try? SocketCalls.sendAll(
                    Array(piece)[...], on: descriptor, deadline: Deadline(.seconds(10)))
                if sent == nil { return false }
            }
            return true
        case .pause(let duration):
            usleep(UInt32(duration / .microseconds(1)))
            return true
        case .silence:
            while read(descriptor, number, atMost: 65536) != nil {}
            return false
        case .reset, .close: return false
        }
    }

    /// Bytes that came, recorded; nil at the end of the connection.
    private func read(_ descriptor: Int32, _ number: Int, atMost limit: Int) -> Int? {
        var piece = [UInt8](repeating: 0, count: limit)
        var count: Int
        repeat { count = recv(descriptor, &piece, limit, 0) } while count < 0 && errno == EINTR
        guard count > 0 else { return nil }
        state.withLock { $0.received[number] += piece[..<count] }
        return count
    }

    private func ends(_ number: Int, with mark: Bytes) -> Bool {
        state.withLock { $0.received[number].suffix(mark.count).elementsEqual(mark) }
    }
}
