import COpenSSL

/// The settings, certificates and trust that sessions are made from; shared by all loops.
package final class TLSContext: Sendable {
    /// Not written after it was set up; OpenSSL counts references and locks what it changes inside by itself.
    nonisolated(unsafe) let pointer: OpaquePointer
    let isServer: Bool
    /// Whether sessions must find a trusted certificate at the peer.
    let verifies: Bool
    /// What a client resumes from. It belongs to the context, so that no session crosses over to other settings of trust.
    let resumption = ResumptionCache()

    private init(isServer: Bool, verifies: Bool, maximumVersion: TLSVersion) throws(TLSError) {
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
            throw OpenSSLFailure.library("make a context")
        }
        self.pointer = pointer
        self.isServer = isServer
        self.verifies = verifies
        let newest = maximumVersion == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION
        if cistern_ssl_ctx_set_up(pointer, newest) != 1 { throw OpenSSLFailure.library("set up a context") }
    }

    deinit { SSL_CTX_free(pointer) }

    /// A context for connections that we open. Reads all files that the options name, whether they verify or not.
    package static func client(_ options: TLSClientOptions) throws(TLSError) -> TLSContext {
        let context = try TLSContext(
            isServer: false, verifies: options.verify, maximumVersion: options.maximumVersion)
        if let file = options.caFile {
            try context.trust(file)
        } else if options.verify, SSL_CTX_set_default_verify_paths(context.pointer) != 1 {
            throw OpenSSLFailure.library("find the system's CA certificates")
        }
        switch (options.certificateFile, options.keyFile) {
        case (let certificateFile?, let keyFile?):
            try context.present(certificateFile: certificateFile, keyFile: keyFile)
        case (let certificateFile?, nil):
            throw incompletePair(TLSFile(.certificate, certificateFile), missing: "key file")
        case (nil, let keyFile?):
            throw incompletePair(TLSFile(.key, keyFile), missing: "certificate file")
        case (nil, nil): break
        }
        SSL_CTX_set_verify(context.pointer, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        context.keepSessions()
        return context
    }

    /// A context for connections that we accept. With `clientCAFile`, clients must show a certificate that leads to one in it.
    package static func server(
        certificateFile: String, keyFile: String, clientCAFile: String? = nil, maximumVersion: TLSVersion = .tls13
    ) throws(TLSError) -> TLSContext {
        let context = try TLSContext(
            isServer: true, verifies: clientCAFile != nil, maximumVersion: maximumVersion)
        try context.present(certificateFile: certificateFile, keyFile: keyFile)
        if let clientCAFile {
            try context.trust(clientCAFile)
            SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        // Without an identifier, OpenSSL fails to resume sessions that were verified by a client's certificate.
        if SSL_CTX_set_session_id_context(context.pointer, "cistern", 7) != 1 {
            throw OpenSSLFailure.library("set up resumption")
        }
        cistern_ssl_ctx_keep_no_sessions(context.pointer)
        SSL_CTX_set_alpn_select_cb(context.pointer, selectHTTP11, nil)
        return context
    }

    /// Whether the other one presents the very same certificate; what stands above it in the chain does not count.
    package func presentsCertificate(of other: TLSContext) -> Bool {
        guard let own = SSL_CTX_get0_certificate(pointer), let others = SSL_CTX_get0_certificate(other.pointer) else {
            return false
        }
        return X509_cmp(own, others) == 0
    }

    private static func incompletePair(_ file: TLSFile, missing: String) -> TLSError {
        TLSError(
            .incompletePair, "the \(file) is given without a \(missing)",
            hint: "give certificate and key, or neither", file: file)
    }

    private func keepSessions() {
        cistern_ssl_ctx_keep_sessions_outside(pointer)
        SSL_CTX_sess_set_new_cb(pointer) { ssl, session in
            guard let ssl, let session, let kept = SSL_get_ex_data(ssl, 0) else { return 0 }
            Unmanaged<ResumptionSlot>.fromOpaque(kept).takeUnretainedValue().keep(session)
            // The slot copied it; OpenSSL goes on owning this one.
            return 0
        }
    }
}
