internal import CisternBytes
internal import CisternSockets

extension HTTPConnection {
    /// What came of a TLS handshake.
    enum Handshake {
        case done
        /// The client speaks plain HTTP, and so does this connection from now on, to say that it may not.
        case plainClient
        /// It came to no end in its time, or to a bad one; there is no one to answer.
        case failed
    }

    /// Takes the TLS handshake to its end, in the time that a request's head has. While it waits, it costs the loop nothing.
    func shakeHands(_ context: TLSContext) async -> Handshake {
        guard stream.acceptTLS(context) == nil else { return .failed }
        beginHandshake()
        defer { isShakingHands = false }
        while true {
            switch stream.handshake() {
            case .done: return .done
            case .failed: return stream.dropTLSOfPlainPeer() ? .plainClient : .failed
            case .blocked: guard case .bytes = await readiness() else { return .failed }
            }
        }
    }

    private func beginHandshake() {
        isShakingHands = true
        // Until there is a request, nobody misses the connection when the server ends.
        hasResponded = true
        readDeadline = loop.now + options.current.headerTimeout
    }

    /// Waits until the loop reports what the handshake waits for.
    private func readiness() async -> Arrival {
        await withUnsafeContinuation { waiter in
            guard isOpen else { return waiter.resume(returning: .gone) }
            arrivalWaiter = waiter
            armTimer()
        }
    }
}
