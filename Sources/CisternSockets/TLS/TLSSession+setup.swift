import COpenSSL

extension TLSSession {
    /// Whom to expect. A context that verifies must have somebody to verify: a certificate for just anyone proves nothing.
    static func expectedName(_ text: String?, _ context: TLSContext) throws(TLSError) -> ServerName? {
        let name = text.flatMap { ServerName($0) }
        if name == nil, context.verifies {
            throw TLSError(
                .invalidServerName,
                text.map { "\"\(printable($0))\" is not a name that a certificate can be verified against" }
                    ?? "there is no name to verify the server's certificate against",
                hint:
                    "give the server's DNS name (an international one in its xn-- form) or address as the TLS server name"
            )
        }
        return name
    }

    private static func printable(_ text: String) -> String {
        String(text.unicodeScalars.prefix(80).map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }

    static func makeSSL(
        _ context: TLSContext, _ descriptor: CInt, expecting name: ServerName?
    ) throws(TLSError) -> OpaquePointer {
        ERR_clear_error()
        guard let ssl = SSL_new(context.pointer) else { throw OpenSSLFailure.library("make a session") }
        guard let bio = cistern_socket_bio(descriptor) else {
            SSL_free(ssl)
            throw OpenSSLFailure.library("make a session")
        }
        SSL_set_bio(ssl, bio, bio)
        guard expect(name, ssl, verify: context.verifies) else {
            SSL_free(ssl)
            throw OpenSSLFailure.library("set the server's name")
        }
        return ssl
    }

    private static func expect(_ name: ServerName?, _ ssl: OpaquePointer, verify: Bool) -> Bool {
        let parameters = SSL_get0_param(ssl)
        switch name {
        case .name(let name):
            guard cistern_ssl_set_server_name(ssl, name) == 1 else { return false }
            guard verify else { return true }
            // A wildcard stands for a whole label: not "f*.example.com".
            X509_VERIFY_PARAM_set_hostflags(parameters, CUnsignedInt(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            return X509_VERIFY_PARAM_set1_host(parameters, name, 0) == 1
        case .address(let bytes, _):
            return !verify || X509_VERIFY_PARAM_set1_ip(parameters, bytes, bytes.count) == 1
        case nil: return true
        }
    }
}
