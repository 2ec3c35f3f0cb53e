/// How a client speaks TLS, and whom it trusts.
package struct TLSClientOptions: Sendable, Hashable {
    /// PEM file of the authorities to trust; nil means the system's.
    package var caFile: String?
    /// PEM file of the client's certificate and the chain above it. It comes with ``keyFile`` or not at all.
    package var certificateFile: String?
    /// PEM file of the client's private key, without passphrase.
    package var keyFile: String?
    /// Whether the server's certificate must be trusted and carry the server's name. Without, anybody can be the server.
    package var verify: Bool
    /// The newest version to offer; the oldest is always TLS 1.2.
    package var maximumVersion: TLSVersion

    package init(
        caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil, verify: Bool = true,
        maximumVersion: TLSVersion = .tls13
    ) {
        self.caFile = caFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.verify = verify
        self.maximumVersion = maximumVersion
    }
}

package enum TLSVersion: Sendable, Hashable, CaseIterable {
    case tls12
    case tls13
}
