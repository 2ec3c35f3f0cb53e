import CisternSockets
import Glibc

/// A client and a server on one socket pair, driven by turns.
struct TLSPair: ~Copyable {
    let sockets: SocketPair
    var client: TLSSession
    var server: TLSSession

    init(
        client clientContext: TLSContext, server serverContext: TLSContext, name: String? = "cache.test",
        key: String = "cache.test:6379"
    ) throws(TLSError) {
        let sockets = SocketPair()
        // Locals first: a noncopyable value cannot be abandoned half made.
        let client = try TLSSession(
            client: clientContext, descriptor: sockets.client, serverName: name, resumptionKey: key)
        let server = try TLSSession(server: serverContext, descriptor: sockets.server)
        self.sockets = sockets
        self.client = client
        self.server = server
    }

    /// Both handshakes to their ends. A side that fails stops sending, so that the other comes to an end as well.
    mutating func shake() -> (client: TLSProgress, server: TLSProgress) {
        var ends = (client: TLSProgress.wantsRead, server: TLSProgress.wantsRead)
        for _ in 0..<50 {
            if !ends.client.isFinal { ends.client = client.handshake() }
            if !ends.server.isFinal { ends.server = server.handshake() }
            if case .failed = ends.client { shutdown(sockets.client, CInt(SHUT_WR)) }
            if case .failed = ends.server { shutdown(sockets.server, CInt(SHUT_WR)) }
            if ends.client.isFinal, ends.server.isFinal { break }
        }
        return ends
    }

    /// A message from the server to the client: the client also takes up the tickets that come before it.
    mutating func serverSays(_ text: String) -> TLSIOResult {
        _ = server.write(text)
        return client.read().result
    }
}

extension TLSProgress {
    var isFinal: Bool {
        switch self {
        case .done, .failed: true
        case .wantsRead, .wantsWrite: false
        }
    }

    var error: TLSError? { if case .failed(let error) = self { error } else { nil } }
}

extension TLSIOResult {
    var error: TLSError? { if case .failed(let error) = self { error } else { nil } }
}

extension TLSSession {
    mutating func write(_ text: String) -> TLSIOResult { write(Array(text.utf8)) }

    mutating func write(_ bytes: [UInt8]) -> TLSIOResult { bytes.withUnsafeBytes { write($0) } }

    mutating func read(_ limit: Int = 65536) -> (result: TLSIOResult, bytes: [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: limit)
        let result = buffer.withUnsafeMutableBytes { read(into: $0) }
        guard case .bytes(let count) = result else { return (result, []) }
        return (result, Array(buffer[..<count]))
    }
}
