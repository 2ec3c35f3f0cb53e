import COpenSSL
import Glibc

/// What OpenSSL reports, in words that say what to mend. Called right after the failing call, with its queue in place.
extension TLSSession {
    private var isClient: Bool { peer != nil }

    func handshakeError(_ status: CInt) -> TLSError {
        let error = ERR_peek_error()
        let reason = ERR_GET_REASON(error)
        if ERR_GET_LIB(error) == ERR_LIB_SYS {
            return TLSError(
                .connection, "the connection broke during the TLS handshake: \(OpenSSLFailure.systemText(reason))",
                hint: isClient
                    ? "check that the server listens for TLS on this port, and its log"
                    : "the client gave up; see its log")
        }
        if error == 0 || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING {
            return TLSError(
                .closedInHandshake, "the peer closed the connection during the TLS handshake",
                hint: isClient
                    ? "check that the server listens for TLS on this port and takes more connections"
                    : "the client gave up, perhaps because it does not trust this certificate")
        }
        guard status == SSL_ERROR_SSL, ERR_GET_LIB(error) == ERR_LIB_SSL else {
            return OpenSSLFailure.library("shake hands")
        }
        switch reason {
        case SSL_R_CERTIFICATE_VERIFY_FAILED: return verificationError()
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST:
            return TLSError(
                .notTLS, "the peer does not speak TLS",
                hint: isClient
                    ? "it is probably plain on this port: use its TLS port, or switch TLS off"
                    : "the client must connect by TLS (https://)")
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_WRONG_SSL_VERSION, SSL_R_VERSION_TOO_LOW,
            SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
            SSL_R_UNKNOWN_CIPHER_RETURNED, SSL_R_WRONG_CIPHER_RETURNED:
            return Self.incompatible(OpenSSLFailure.text(error))
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return TLSError(
                .missingCertificate, "the client sent no certificate",
                hint: "give the client a certificate and key that lead to the client CA file")
        default: return sessionError(error)
        }
    }

    func ioError(_ status: CInt) -> TLSError {
        let error = ERR_peek_error()
        if ERR_GET_LIB(error) == ERR_LIB_SYS {
            return TLSError(
                .connection, "the connection broke: \(OpenSSLFailure.systemText(ERR_GET_REASON(error)))",
                hint: "check the peer and the network between")
        }
        if error == 0 || ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING {
            return TLSError(
                .truncated, "the connection ended without TLS's end: what was read may be incomplete",
                hint: "the peer's process or something between may have been stopped")
        }
        return sessionError(error)
    }

    /// The alert that a peer left before it closed, when a write finds it closed; nil when there is none.
    ///
    /// In TLS 1.3 a server refuses a client's certificate after the client's handshake is done, so that the first write
    /// may fail before the first read could say why.
    func alertBehindBrokenPipe() -> TLSError? {
        ERR_clear_error()
        var byte: UInt8 = 0
        var count = 0
        let result = SSL_peek_ex(ssl, &byte, 1, &count)
        guard result != 1, SSL_get_error(ssl, result) == SSL_ERROR_SSL else { return nil }
        return Self.alertError(ERR_peek_error())
    }

    private func sessionError(_ error: CUnsignedLong) -> TLSError {
        if let alert = Self.alertError(error) { return alert }
        return TLSError(
            .protocolViolation, "the TLS session failed: \(OpenSSLFailure.text(error))",
            hint: "the peer or something between breaks TLS; see the peer's log")
    }

    private static func incompatible(_ reason: String) -> TLSError {
        TLSError(
            .incompatible, "no TLS version or cipher in common with the peer: \(reason)",
            hint: "allow TLS 1.2 or 1.3 with current ciphers at the peer")
    }

    private static func alertError(_ error: CUnsignedLong) -> TLSError? {
        let alert = ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET
        guard ERR_GET_LIB(error) == ERR_LIB_SSL, (0...255).contains(alert) else { return nil }
        let name = SSL_alert_desc_string_long(alert).map { String(cString: $0) } ?? "unknown"
        let hint: String
        switch alert {
        case SSL_AD_PROTOCOL_VERSION, SSL_AD_INSUFFICIENT_SECURITY: return incompatible("alert \"\(name)\"")
        case TLS13_AD_CERTIFICATE_REQUIRED: hint = "the server asks for a client certificate: give certificate and key"
        case SSL_AD_UNKNOWN_CA:
            hint = "the peer does not trust our certificate: have it issued by the peer's CA, or give the peer our CA"
        case SSL_AD_CERTIFICATE_EXPIRED: hint = "our certificate is expired: renew it"
        case SSL_AD_BAD_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED,
            SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_ACCESS_DENIED:
            hint = "the peer refuses our certificate; its log says why"
        case SSL_AD_HANDSHAKE_FAILURE: hint = "the peer may ask for a client certificate, or for other ciphers"
        case SSL_AD_UNRECOGNIZED_NAME: hint = "the server does not know the name: check the TLS server name"
        default: hint = "the peer's log says why"
        }
        return TLSError(.rejectedByPeer, "the peer ended TLS with the alert \"\(name)\"", hint: hint)
    }

    private func verificationError() -> TLSError {
        let code = SSL_get_verify_result(ssl)
        let whose = peer.map { "the certificate of \($0)" } ?? "the client's certificate"
        let reason = String(cString: X509_verify_cert_error_string(code))
        let message = "\(whose) was not accepted: \(reason)"
        switch CInt(truncatingIfNeeded: code) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return TLSError(.expiredCertificate, message, hint: "renew the peer's certificate, or its CA's")
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return TLSError(.expiredCertificate, message, hint: "check the clocks of both machines")
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            return TLSError(
                .nameMismatch, message,
                hint: "connect by a name that the certificate carries, give that name as the TLS server name, "
                    + "or have the certificate issued for this one")
        default:
            return TLSError(
                .untrustedCertificate, message, hint: "the CA file must hold the CA that issued the peer's certificate")
        }
    }
}
