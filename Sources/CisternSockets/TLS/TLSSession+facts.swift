import COpenSSL

extension TLSSession {
    /// Whether received bytes lie in this session, decrypted or not. Epoll does not tell of them, so read on until a
    /// read ``TLSIOResult/wantsRead`` (part of a record may lie here too) or this is false.
    package var hasBufferedInput: Bool { SSL_has_pending(ssl) == 1 }

    /// Whether the handshake was short because both sides remembered an earlier session. Known when it is done.
    package var wasResumed: Bool { SSL_session_reused(ssl) == 1 }

    /// The version in use, such as `TLSv1.3`.
    package var version: String { String(cString: SSL_get_version(ssl)) }

    /// At a server: the name that the client asked for (SNI).
    package var requestedServerName: String? {
        SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
    }
}
