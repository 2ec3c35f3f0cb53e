package import CisternBytes
import Glibc

/// A blocking connection on which a test decides about every byte. No operation waits longer than the limit.
package final class RawConnection {
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    private let limit: Duration

    /// How reading ended before what was asked for had come.
    package enum Ending: Error, Equatable {
        /// The peer has shut down its side; these bytes came before.
        case ended(Bytes)
        /// The peer has reset the connection.
        case reset(Bytes)
        /// Nothing came in time; these bytes came before.
        case timedOut(Bytes)
    }

    package convenience init(port: UInt16, limit: Duration = .seconds(10)) throws {
        try self.init(AF_INET, SocketCalls.loopback(port), limit)
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
    }

    package convenience init(unixPath: String, limit: Duration = .seconds(10)) throws {
        try self.init(AF_UNIX, SocketCalls.unix(unixPath), limit)
    }

    private init(_ family: Int32, _ address: some Any, _ limit: Duration) throws {
        descriptor = socket(family, SocketCalls.stream, 0)
        self.limit = limit
        guard descriptor >= 0 else { throw TestFailure(call: "socket", error: errno) }
        var result: Int32
        repeat {
            result = SocketCalls.withAddress(address) { connect(descriptor, $0, $1) }
        } while result != 0 && errno == EINTR
        guard result == 0 else {
            let error = errno
            close()
            throw TestFailure(call: "connect", error: error)
        }
    }

    deinit { close() }

    package func send(_ bytes: Bytes) throws {
        try SocketCalls.sendAll(Array(bytes)[...], on: descriptor, deadline: Deadline(limit))
    }

    /// Sends every piece in a segment of its own, with a pause between them in which the peer can read it.
    package func send(pieces: [Bytes], pause: Duration = .milliseconds(1)) throws {
        for (number, piece) in pieces.enumerated() {
            if number > 0 { usleep(UInt32(pause / .microseconds(1))) }
            try send(piece)
        }
    }

    /// Says that nothing more will be sent; what the peer sends can still be read.
    package func shutdownWrite() { shutdown(descriptor, Int32(SHUT_WR)) }

    package func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Ends the connection with a reset (RST).
    package func reset() {
        if descriptor >= 0 { SocketCalls.reset(descriptor) }
        descriptor = -1
    }

    /// Exactly `count` bytes.
    package func read(_ count: Int) throws(Ending) -> Bytes {
        let deadline = Deadline(limit)
        while buffer.count < count { try fill(deadline) }
        defer { buffer.removeFirst(count) }
        return Bytes(buffer[..<count])
    }

    /// Everything up to and including the end of a line.
    package func readLine() throws(Ending) -> Bytes { try read(through: [0x0A]) }

    /// Everything up to and including `mark`.
    package func read(through mark: [UInt8]) throws(Ending) -> Bytes {
        let deadline = Deadline(limit)
        var searched = 0
        while true {
            let end = buffer.count - mark.count
            while searched <= end {
                if buffer[searched..<searched + mark.count].elementsEqual(mark) {
                    let count = searched + mark.count
                    defer { buffer.removeFirst(count) }
                    return Bytes(buffer[..<count])
                }
                searched += 1
            }
            try fill(deadline)
        }
    }

    /// Everything that comes until the peer has ended the connection in order; a reset is an error.
    package func readToEnd() throws(Ending) -> Bytes {
        let deadline = Deadline(limit)
        while true {
            do {
                try fill(deadline)
            } catch .ended(let bytes) {
                buffer = []
                return bytes
            }
        }
    }

    /// Whether the peer ends the connection, in order or by a reset, within `limit`; what comes before is dropped.
    package func isClosedByPeer(within limit: Duration = .seconds(10)) -> Bool {
        let deadline = Deadline(limit)
        while true {
            do {
                buffer = []
                try fill(deadline)
            } catch .timedOut {
                return false
            } catch {
                return true
            }
        }
    }

    /// Whether nothing comes, and the connection stays, for the whole of `duration`.
    package func staysSilent(for duration: Duration) -> Bool {
        do {
            let before = buffer.count
            try fill(Deadline(duration))
            return buffer.count == before
        } catch .timedOut {
            return true
        } catch {
            return false
        }
    }

    private func fill(_ deadline: Deadline) throws(Ending) {
        guard deadline.wait(for: POLLIN, on: descriptor) else { throw .timedOut(Bytes(buffer)) }
        var piece = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &piece, piece.count, Int32(MSG_DONTWAIT))
        if count > 0 {
            buffer += piece[..<count]
        } else if count == 0 {
            throw .ended(Bytes(buffer))
        } else if errno != EINTR, errno != EAGAIN {
            throw .reset(Bytes(buffer))
        }
    }
}
