package import CisternSockets

/// What a server needs to know to accept and keep connections. All but ``host`` and ``port`` can change while it runs.
package struct HTTPServerOptions: Sendable {
    /// The address or name to listen on; a name is resolved and its first address taken.
    package var host = "127.0.0.1"
    /// The port; 0 for any free one.
    package var port: UInt16 = 8080
    /// With it, connections speak TLS (RFC 9110 §4.2.2); without, plain HTTP.
    package var tls: TLSContext?
    /// Connections over all loops; more are answered with 503 and closed.
    package var maximumConnections = 16_384
    /// From the first byte of a head to its last. A TLS handshake has as long, from the connection's begin.
    package var headerTimeout: Duration = .seconds(10)
    /// Without a request.
    package var idleTimeout: Duration = .seconds(60)
    /// Without the peer taking a byte of what waits for it.
    package var writeStallTimeout: Duration = .seconds(10)
    /// Bytes of a body per second, over its whole time, after `headerTimeout` as a start.
    package var minimumBodyRate = 1024
    package var limits = HTTPLimits()

    package init() {}
}
