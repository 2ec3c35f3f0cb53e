import COpenSSL

extension TLSContext {
    /// Trusts the certificates of a file, of whatever rank: whoever lists an intermediate or a server's own means it.
    func trust(_ path: String) throws(TLSError) {
        let pem = try PEMFile(TLSFile(.authorities, path))
        guard let store = SSL_CTX_get_cert_store(pointer) else { throw OpenSSLFailure.library("make a CA store") }
        try pem.forEachCertificate { (certificate) throws(TLSError) in
            guard X509_STORE_add_cert(store, certificate) == 1 else { throw Self.unusable(pem.file) }
            // Tells clients whose certificates are asked for.
            if isServer, SSL_CTX_add_client_CA(pointer, certificate) != 1 { throw Self.unusable(pem.file) }
        }
        X509_STORE_set_flags(store, CUnsignedLong(X509_V_FLAG_PARTIAL_CHAIN))
    }

    /// Presents a certificate, the chain that follows it in its file, and proves it by the key.
    func present(certificateFile: String, keyFile: String) throws(TLSError) {
        let certificates = try PEMFile(TLSFile(.certificate, certificateFile))
        var isFirst = true
        try certificates.forEachCertificate { (certificate) throws(TLSError) in
            let added =
                isFirst
                ? SSL_CTX_use_certificate(pointer, certificate)
                : cistern_ssl_ctx_add_chain_certificate(pointer, certificate)
            guard added == 1 else { throw Self.unusable(certificates.file) }
            isFirst = false
        }
        let keys = try PEMFile(TLSFile(.key, keyFile))
        try keys.withPrivateKey { (key) throws(TLSError) in
            guard X509_check_private_key(SSL_CTX_get0_certificate(pointer), key) == 1 else {
                throw TLSError(
                    .keyMismatch,
                    "the key in the \(keys.file) does not belong to the first certificate in the \(certificates.file)",
                    hint: "the certificate file must begin with the certificate that was issued for this key",
                    file: keys.file)
            }
            guard SSL_CTX_use_PrivateKey(pointer, key) == 1 else { throw Self.unusable(keys.file) }
        }
    }

    private static func unusable(_ file: TLSFile) -> TLSError {
        TLSError(
            .unusableFile, "OpenSSL refuses the content of the \(file): \(OpenSSLFailure.text(ERR_peek_last_error()))",
            hint: "issue it again with a key of at least 2048 bits of RSA or 256 bits of EC, signed with SHA-256",
            file: file)
    }
}
