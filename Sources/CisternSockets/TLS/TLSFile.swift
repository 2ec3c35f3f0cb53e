/// A file of certificates or keys, and what it is there for.
package struct TLSFile: Sendable, Hashable {
    package enum Role: Sendable, Hashable {
        /// Our own certificate, followed by the chain above it.
        case certificate
        /// The private key of our own certificate.
        case key
        /// The authorities that a peer's certificate must lead to.
        case authorities
    }

    package let role: Role
    package let path: String

    package init(_ role: Role, _ path: String) {
        self.role = role
        self.path = path
    }
}

extension TLSFile: CustomStringConvertible {
    package var description: String {
        switch role {
        case .certificate: "certificate file \(path)"
        case .key: "key file \(path)"
        case .authorities: "CA file \(path)"
        }
    }
}
