import Glibc

/// A connection through the proxy: the client's, the one to the server, and the bytes between them.
struct FaultProxyLink {
    let number: Int
    let client: Int32
    let server: Int32
    var requests = FaultProxyPipe()
    var replies = FaultProxyPipe()
    /// How many more bytes of replies go through; nil for any number.
    private var repliesLeft: Int?
    private var hasSwallowed = false
    private var isStranded = false
    private var isOver = false
    private(set) var isResetting = false

    init(number: Int, client: Int32, server: Int32, mode: FaultProxy.Mode) {
        (self.number, self.client, self.server) = (number, client, server)
        for descriptor in [client, server] {
            var yes: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
        }
        if mode != .strandExisting { enter(mode) }
    }

    /// Nothing more is to be done but to close it.
    var isFinished: Bool { isOver || (requests.isFinished && replies.isFinished) }

    /// Whether nothing goes through in either direction.
    func isHeld(_ mode: FaultProxy.Mode) -> Bool { mode == .silence || isStranded }

    /// Whether no more replies go through.
    func holdsReplies(_ mode: FaultProxy.Mode) -> Bool { isHeld(mode) || repliesLeft ?? 0 < 0 }

    mutating func enter(_ mode: FaultProxy.Mode) {
        if hasSwallowed || mode == .refuse { reset() }
        isStranded = mode == .strandExisting
        if case .resetAfter(let count) = mode { repliesLeft = count } else { repliesLeft = nil }
    }

    mutating func reset() {
        isResetting = true
        isOver = true
    }

    func close() {
        for descriptor in [client, server] {
            if isResetting { SocketCalls.reset(descriptor) } else { Glibc.close(descriptor) }
        }
    }

    /// Takes what has come from the server; true where it was dropped.
    mutating func readReplies(_ mode: FaultProxy.Mode, due: ContinuousClock.Instant) -> Bool {
        let isSwallowing = mode == .swallowReplies
        let bytes = replies.read(from: server, due: due, keeping: !isSwallowing)
        if isSwallowing, !bytes.isEmpty { hasSwallowed = true }
        return isSwallowing && !bytes.isEmpty
    }

    /// Passes on what may pass now; true when the connection has met a fault.
    mutating func forward(_ mode: FaultProxy.Mode, _ now: ContinuousClock.Instant) -> Bool {
        guard !isHeld(mode) else { return false }
        forwardRequests(mode, now)
        return forwardReplies(mode, now)
    }

    private mutating func forwardRequests(_ mode: FaultProxy.Mode, _ now: ContinuousClock.Instant) {
        while requests.next(now) != nil {
            let limit = Self.limit(mode, &requests, now)
            if requests.write(to: server, atMost: limit) == 0 { break }
        }
        if requests.hasEndToPass {
            if requests.end == .reset { reset() } else { shutdown(server, Int32(SHUT_WR)) }
            requests.passEnd()
        }
    }

    private mutating func forwardReplies(_ mode: FaultProxy.Mode, _ now: ContinuousClock.Instant) -> Bool {
        while let piece = replies.next(now) {
            if case .cut = mode, repliesLeft == nil { repliesLeft = Self.half(piece) }
            if repliesLeft == 0 { return meetFault(mode) }
            let limit = min(repliesLeft ?? .max, Self.limit(mode, &replies, now))
            let sent = replies.write(to: client, atMost: limit)
            if sent == 0 { break }
            repliesLeft = repliesLeft.map { $0 - sent }
        }
        if replies.hasEndToPass {
            if replies.end == .reset { reset() } else { shutdown(client, Int32(SHUT_WR)) }
            replies.passEnd()
        }
        return false
    }

    private mutating func meetFault(_ mode: FaultProxy.Mode) -> Bool {
        switch mode {
        case .resetAfter: reset()
        case .cut(.close): isOver = true
        default:
            // Held, and counted once.
            defer { repliesLeft = -1 }
            return repliesLeft == 0
        }
        return true
    }

    /// Half of a reply, and never one that ends with a line: that might be all of a reply.
    private static func half(_ piece: ArraySlice<UInt8>) -> Int {
        let half = max(1, piece.count / 2)
        let isLineEnd = piece[piece.startIndex + half - 1] == 0x0A
        return isLineEnd ? half - 1 : half
    }

    private static func limit(
        _ mode: FaultProxy.Mode, _ pipe: inout FaultProxyPipe, _ now: ContinuousClock.Instant
    ) -> Int {
        if case .throttle(let bytesPerSecond) = mode { pipe.allowance(bytesPerSecond, now) } else { .max }
    }
}
