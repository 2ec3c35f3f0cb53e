import Glibc

/// The bytes on their way in one direction of a proxied connection.
struct FaultProxyPipe {
    enum End {
        case orderly
        case reset
    }

    private struct Piece {
        var bytes: ArraySlice<UInt8>
        var due: ContinuousClock.Instant
    }

    /// As much as a kernel would hold for a peer that does not read.
    static let capacity = 4 << 20

    private var pieces: [Piece] = []
    private(set) var count = 0
    /// How the side that sends has ended; passed on after the bytes before it.
    private(set) var end: End?
    private(set) var isEndPassed = false
    /// Nobody takes these bytes any more.
    private var isBroken = false
    private var credit = 0.0
    private var creditTime = ContinuousClock.now

    var wantsToRead: Bool { end == nil && count < Self.capacity }
    var isDrained: Bool { pieces.isEmpty }
    /// Whether the end of the sender is the next thing to pass on.
    var hasEndToPass: Bool { pieces.isEmpty && end != nil && !isEndPassed }
    var isFinished: Bool { isEndPassed || (isBroken && end != nil) }

    /// Reads once. Returns what came, which is kept unless it is to be dropped.
    mutating func read(from descriptor: Int32, due: ContinuousClock.Instant, keeping: Bool) -> ArraySlice<UInt8> {
        let bytes = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
            var received: Int
            repeat {
                received = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            } while received < 0 && errno == EINTR
            count = max(received, 0)
            if received == 0 { end = .orderly }
            if received < 0, errno != EAGAIN { end = .reset }
        }
        if !bytes.isEmpty, keeping, !isBroken {
            pieces.append(Piece(bytes: bytes[...], due: due))
            count += bytes.count
        }
        return bytes[...]
    }

    /// The next piece that is due.
    func next(_ now: ContinuousClock.Instant) -> ArraySlice<UInt8>? {
        guard let first = pieces.first, first.due <= now else { return nil }
        return first.bytes
    }

    /// When there will be something to send; nil when nothing waits.
    var due: ContinuousClock.Instant? { pieces.first?.due }

    /// How many bytes a throttle lets through now.
    mutating func allowance(_ bytesPerSecond: Int, _ now: ContinuousClock.Instant) -> Int {
        // No more than a twentieth of a second is saved up: a throttle that was idle is no burst.
        credit = min(
            credit + (now - creditTime) / .seconds(1) * Double(bytesPerSecond), max(1, Double(bytesPerSecond) / 20))
        creditTime = now
        return Int(credit)
    }

    /// Sends as much of the next piece as the peer takes, at most `limit` bytes, and returns how many those were.
    mutating func write(to descriptor: Int32, atMost limit: Int) -> Int {
        guard let first = pieces.first, limit > 0 else { return 0 }
        let slice = first.bytes.prefix(limit)
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        let sent = slice.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) }
        guard sent >= 0 else {
            if errno != EAGAIN, errno != EINTR { breakOff() }
            return 0
        }
        count -= sent
        credit -= Double(sent)
        if sent == first.bytes.count {
            pieces.removeFirst()
        } else {
            pieces[0].bytes = first.bytes.dropFirst(sent)
        }
        return sent
    }

    mutating func passEnd() { isEndPassed = true }

    /// The receiver is gone: nothing more can arrive.
    mutating func breakOff() {
        isBroken = true
        pieces = []
        count = 0
    }
}
