package import CisternBytes
import CisternLocks
import Glibc

/// A TCP proxy on the loopback between a client and a real server, whose faults can be switched while it runs.
///
/// One thread serves all connections; it ends, and every descriptor is closed, with this value.
package final class FaultProxy: Sendable {
    package enum Mode: Sendable, Equatable {
        /// Everything goes through at once.
        case pass
        /// Nobody listens: new connections are refused, those that exist have been reset.
        case refuse
        /// Connections are accepted and requests taken, as the kernel does it for a server that hangs; nothing goes
        /// through in either direction. What is held goes on its way in the next mode, in order.
        case silence
        /// As `silence`, for the connections that exist when the mode is set; new ones pass.
        case strandExisting
        /// Every byte arrives this much later, in each direction.
        case delay(Duration)
        /// In each direction of each connection.
        case throttle(bytesPerSecond: Int)
        /// A connection is reset when this many bytes of replies have gone through since the mode was set.
        case resetAfter(replyBytes: Int)
        /// Half of the next reply of each connection goes through, and no more.
        case cut(Rest)
        /// Requests reach the server, whose replies are dropped. Such a connection can never be used again: the next
        /// mode resets it.
        case swallowReplies
    }

    /// What becomes of a connection after half of a reply.
    package enum Rest: Sendable, Equatable {
        /// The other half is kept for the next mode.
        case hold
        /// The connection ends in order.
        case close
    }

    package struct Statistics: Sendable, Equatable {
        /// Connections accepted since the start.
        package var accepted = 0
        package var open = 0
        /// How often a fault has met a connection: a reset, a cut, a piece of a reply swallowed or a request held.
        package var faults = 0

        package init(accepted: Int = 0, open: Int = 0, faults: Int = 0) {
            (self.accepted, self.open, self.faults) = (accepted, open, faults)
        }
    }

    package let port: UInt16
    private let control: FaultProxyControl

    /// Starts to listen, on any free port, for connections to a port of the loopback.
    package init(to target: UInt16) throws {
        control = try FaultProxyControl()
        let socket = try FaultProxyListener.open()
        port = socket.port
        let control = control
        // The thread has no reference to this value, so that `deinit` can end it.
        BlockingThreads.shared.run { FaultProxyLoop(.init(adopting: socket), to: target, control).run() }
    }

    deinit { stop() }

    /// Returns when the mode holds for every byte that comes from now on.
    package func set(_ mode: Mode) { control.order(mode) }

    /// Resets all connections; new ones are met by the mode as before.
    package func cutConnections() { control.order(nil) }

    package var statistics: Statistics { control.state.withLock(\.statistics) }

    /// The requests that have come since the mode became `silence` or `strandExisting`, and are held, in the order of their connections.
    package var heldRequests: [Bytes] {
        let held = control.state.withLock(\.held)
        return held.keys.sorted().flatMap { RESPRequests.parse(held[$0] ?? []) }
    }

    /// Closes everything and returns when that is done; doing so twice is fine.
    package func stop() { control.stop() }
}
