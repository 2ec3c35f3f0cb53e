import COpenSSL
import Glibc

/// One block of a PEM file, decoded from base64 (RFC 7468).
struct PEMBlock: ~Copyable {
    /// What its first line says it is.
    let name: String
    /// The header lines of the old encryption (RFC 1421), with which a key asks for a passphrase.
    let isEncrypted: Bool
    private let bytes: UnsafeMutablePointer<UInt8>
    private let size: Int

    /// Nil when there is none, or a damaged one: OpenSSL's error queue tells.
    init?(reading bio: OpaquePointer) {
        var name: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var bytes: UnsafeMutablePointer<UInt8>?
        var size = 0
        guard PEM_read_bio(bio, &name, &header, &bytes, &size) == 1, let name, let header, let bytes else { return nil }
        self.name = String(cString: name)
        isEncrypted = self.name == PEM_STRING_PKCS8 || strstr(header, "ENCRYPTED") != nil
        self.bytes = bytes
        self.size = size
        CRYPTO_free(name, "", 0)
        CRYPTO_free(header, "", 0)
    }

    /// It may be a private key, so it is wiped.
    deinit { CRYPTO_clear_free(bytes, size, "", 0) }

    var isCertificate: Bool { [PEM_STRING_X509, PEM_STRING_X509_OLD, PEM_STRING_X509_TRUSTED].contains(name) }

    /// Whether it is one of PRIVATE KEY, ENCRYPTED PRIVATE KEY, RSA PRIVATE KEY, EC PRIVATE KEY…
    var isPrivateKey: Bool { name.hasSuffix("PRIVATE KEY") }

    /// The certificate, to be freed by the caller; nil when the bytes are none.
    func certificate() -> OpaquePointer? {
        var start: UnsafePointer<UInt8>? = UnsafePointer(bytes)
        // What `openssl x509 -trustout` writes says more behind the certificate itself.
        return name == PEM_STRING_X509_TRUSTED ? d2i_X509_AUX(nil, &start, size) : d2i_X509(nil, &start, size)
    }

    /// The private key, to be freed by the caller; nil when the bytes are none.
    func privateKey() -> OpaquePointer? {
        var start: UnsafePointer<UInt8>? = UnsafePointer(bytes)
        return d2i_AutoPrivateKey(nil, &start, size)
    }
}
