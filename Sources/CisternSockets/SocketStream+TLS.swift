internal import CisternBytes

extension SocketStream {
    /// Begins TLS as a client on a connected stream; `handshake` takes it on. The result is what went wrong.
    package mutating func startTLS(
        _ context: TLSContext, serverName: String, resumptionKey: String
    ) -> SocketError? {
        do {
            tls = try TLSSession(
                client: context, descriptor: descriptor, serverName: serverName, resumptionKey: resumptionKey)
            return nil
        } catch {
            return SocketError(error)
        }
    }

    /// Begins TLS as the server on an accepted stream; `handshake` takes it on. The result is what went wrong.
    package mutating func acceptTLS(_ context: TLSContext) -> SocketError? {
        do {
            tls = try TLSSession(server: context, descriptor: descriptor)
            return nil
        } catch {
            return SocketError(error)
        }
    }

    /// Takes the handshake on, whenever the loop says that the stream is ready. `blocked`: it waits for the peer.
    package mutating func handshake() -> FlushOutcome {
        switch tls?.handshake() {
        case .done, nil:
            wait(toWrite: false)
            // The peer's first bytes may have come along with the end of the handshake.
            mayHaveMore = tls?.hasBufferedInput ?? false
            return .done
        case .wantsRead:
            wait(toWrite: false)
            return .blocked
        case .wantsWrite:
            // Nothing of what the peer sends meanwhile is read, so it must not be reported over and over.
            wait(toWrite: true)
            return .blocked
        case .failed(let error): return .failed(SocketError(error))
        }
    }

    /// After a handshake that failed: gives TLS up where the peer's first bytes were none, so that a plain answer can say
    /// so. The result is whether that was it. The bytes are gone.
    package mutating func dropTLSOfPlainPeer() -> Bool {
        guard tls?.isPeerPlain == true else { return false }
        tls = nil
        return true
    }

    mutating func writeTLS() -> WriteResult {
        guard var session = tls.take() else { return .failed(SocketError(.closed, "writing: the TLS session is over")) }
        var result = TLSIOResult.wantsWrite
        output.withStretches(limit: 1) { result = session.write($0[0]) }
        tls = consume session
        return switch result {
        case .bytes(let count): .bytes(count)
        case .wantsRead: .awaitsInput
        case .wantsWrite: .wouldBlock
        case .end: .failed(SocketError(.closed, "writing: the peer has ended the TLS session"))
        case .failed(let error): .failed(SocketError(error))
        }
    }
}

extension ReadOutcome {
    init(_ result: TLSIOResult) {
        self =
            switch result {
            case .bytes(let count): .bytes(count)
            case .wantsRead, .wantsWrite: .wouldBlock
            case .end: .end
            case .failed(let error): .failed(SocketError(error))
            }
    }
}

extension SocketError {
    /// The failure of a TLS session or context.
    package init(_ error: TLSError) {
        let endedByPeer = error.code == .connection || error.code == .truncated
        self.init(endedByPeer ? .reset : .tls, error.description)
    }
}
