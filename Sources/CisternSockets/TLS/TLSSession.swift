import COpenSSL

/// TLS on one connected, non-blocking descriptor, which it neither closes nor watches.
///
/// It belongs to one loop. After a failure every further call fails with the same error.
package struct TLSSession: ~Copyable {
    let ssl: OpaquePointer
    /// Where OpenSSL's callback leaves tickets. Held here because OpenSSL refers to it unretained.
    private let resumption: ResumptionSlot?
    /// For messages; nil at a server.
    let peer: String?
    private(set) var isEstablished = false
    /// OpenSSL takes a session that failed for one that ended; this remembers.
    private var failure: TLSError?

    /// Begins as the client of `serverName` (a name or a literal address), which is verified if the context verifies.
    ///
    /// `resumptionKey` says which server it is, commonly as host:port; sessions with the same key, name and context
    /// resume each other. Fails on a name that cannot be verified, or for want of memory.
    package init(
        client context: TLSContext, descriptor: CInt, serverName: String?, resumptionKey: String
    ) throws(TLSError) {
        precondition(!context.isServer, "a client needs a client's context")
        let name = try Self.expectedName(serverName, context)
        ssl = try Self.makeSSL(context, descriptor, expecting: name)
        let slot = context.resumption.slot(.init(server: resumptionKey, name: name))
        slot.offer(to: ssl)
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(slot).toOpaque())
        SSL_set_connect_state(ssl)
        resumption = slot
        peer = name?.description ?? resumptionKey
    }

    /// Begins as the server. Fails only for want of memory.
    package init(server context: TLSContext, descriptor: CInt) throws(TLSError) {
        precondition(context.isServer, "a server needs a server's context")
        ssl = try Self.makeSSL(context, descriptor, expecting: nil)
        SSL_set_accept_state(ssl)
        resumption = nil
        peer = nil
    }

    deinit { SSL_free(ssl) }

    /// Whether it failed because the peer's first bytes were not TLS.
    var isPeerPlain: Bool { failure?.code == .notTLS }

    /// Takes the handshake as far as the descriptor allows.
    ///
    /// The peer's first bytes may have come along with its end: see ``hasBufferedInput`` before waiting for more.
    package mutating func handshake() -> TLSProgress {
        if let failure { return .failed(failure) }
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            isEstablished = true
            return .done
        }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case let status:
            // Whatever it was, the next connection shall not trip over a session that was kept.
            resumption?.forget()
            return .failed(fail(handshakeError(status)))
        }
    }

    /// Reads what one record holds, or what is left of it. `buffer` must not be empty.
    ///
    /// More may lie in this session, of which the descriptor knows nothing: see ``hasBufferedInput``.
    package mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> TLSIOResult {
        if let failure { return .failed(failure) }
        ERR_clear_error()
        var count = 0
        let result = SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
        if result == 1 { return .bytes(count) }
        return stopped(SSL_get_error(ssl, result))
    }

    /// Writes at most one record (16 KiB). `bytes` must not be empty.
    ///
    /// After ``TLSIOResult/wantsWrite`` or ``TLSIOResult/wantsRead``, the next write must begin with the same bytes and
    /// be at least as long, since they may have been encrypted already; they may have moved in memory.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) -> TLSIOResult {
        if let failure { return .failed(failure) }
        ERR_clear_error()
        var count = 0
        let result = SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count)
        if result == 1 { return .bytes(count) }
        let status = SSL_get_error(ssl, result)
        guard status == SSL_ERROR_SYSCALL else { return stopped(status) }
        let broken = ioError(status)
        return .failed(fail(alertBehindBrokenPipe() ?? broken))
    }

    /// Says that we send no more, as far as the descriptor takes it at once. Reading may go on.
    package mutating func closeNotify() {
        guard isEstablished, failure == nil else { return }
        ERR_clear_error()
        SSL_shutdown(ssl)
    }

    private mutating func stopped(_ status: CInt) -> TLSIOResult {
        switch status {
        case SSL_ERROR_WANT_READ: .wantsRead
        case SSL_ERROR_WANT_WRITE: .wantsWrite
        case SSL_ERROR_ZERO_RETURN: .end
        default: .failed(fail(ioError(status)))
        }
    }

    private mutating func fail(_ error: TLSError) -> TLSError {
        failure = error
        return error
    }
}
