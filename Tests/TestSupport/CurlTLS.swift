import CCurl

/// How a client over libcurl speaks TLS.
package struct CurlTLS: Sendable {
    package enum Version: Int, Sendable, CaseIterable, CustomStringConvertible {
        case tls11 = 5
        case tls12, tls13

        package var description: String { "TLS 1.\(rawValue - 4)" }
    }

    /// The file of the CAs that are trusted.
    package var authority: String
    /// The only version that is offered; nil for those that libcurl offers by itself.
    package var version: Version?
    /// Whether the certificate must be for the host that is asked.
    package var verifiesName = true

    package init(authority: String, version: Version? = nil, verifiesName: Bool = true) {
        self.authority = authority
        self.version = version
        self.verifiesName = verifiesName
    }

    func apply(to handle: UnsafeMutableRawPointer) {
        _ = ccurl_set_string(handle, CURLOPT_CAINFO, authority)
        _ = ccurl_set_long(handle, CURLOPT_CERTINFO, 1)
        if !verifiesName { _ = ccurl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 0) }
        guard let version else { return }
        // OpenSSL offers nothing older than 1.2 as long as it has a level of security.
        if version == .tls11 { _ = ccurl_set_string(handle, CURLOPT_SSL_CIPHER_LIST, "DEFAULT@SECLEVEL=0") }
        _ = ccurl_set_long(handle, CURLOPT_SSLVERSION, version.rawValue | version.rawValue << 16)
    }
}
