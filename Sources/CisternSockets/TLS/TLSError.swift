/// Why TLS did not come about or did not last: what happened, where, and how to mend it. No secrets.
package struct TLSError: Error, Sendable, Equatable {
    package let code: Code
    /// What happened, and with which file or peer.
    package let message: String
    /// What to do about it.
    package let hint: String
    /// The file at fault, for errors of ``TLSContext``; nil otherwise.
    package let file: TLSFile?

    init(_ code: Code, _ message: String, hint: String, file: TLSFile? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.file = file
    }

    /// The kind of failure. A later version may add more, so a switch over them needs a default.
    package struct Code: Sendable, Hashable {
        private enum Value {
            case unreadableFile, malformedFile, nothingInFile, encryptedKey, keyMismatch, incompletePair, unusableFile
            case invalidServerName, untrustedCertificate, expiredCertificate, nameMismatch, missingCertificate
            case rejectedByPeer, incompatible, notTLS, closedInHandshake, truncated, connection, protocolViolation
            case library
        }

        private let value: Value

        // Of files, when a context is made.

        /// The file cannot be opened or read.
        package static let unreadableFile = Code(value: .unreadableFile)
        /// The file is not PEM, or a block in it is damaged.
        package static let malformedFile = Code(value: .malformedFile)
        /// The file is PEM, without the certificate or key that it is there for.
        package static let nothingInFile = Code(value: .nothingInFile)
        /// The private key asks for a passphrase.
        package static let encryptedKey = Code(value: .encryptedKey)
        /// The private key belongs to another certificate.
        package static let keyMismatch = Code(value: .keyMismatch)
        /// A certificate without a key, or a key without a certificate.
        package static let incompletePair = Code(value: .incompletePair)
        /// OpenSSL refuses what the file holds, for instance as too weak.
        package static let unusableFile = Code(value: .unusableFile)

        // Of one session.

        /// There is no usable name to verify the server against.
        package static let invalidServerName = Code(value: .invalidServerName)
        /// The peer's certificate does not lead to a trusted authority.
        package static let untrustedCertificate = Code(value: .untrustedCertificate)
        /// The peer's certificate, or one above it, is expired or not valid yet.
        package static let expiredCertificate = Code(value: .expiredCertificate)
        /// The server's certificate is for another name or address.
        package static let nameMismatch = Code(value: .nameMismatch)
        /// The client sent no certificate where one is required.
        package static let missingCertificate = Code(value: .missingCertificate)
        /// The peer ended the session by an alert, for instance because it does not trust our certificate.
        package static let rejectedByPeer = Code(value: .rejectedByPeer)
        /// No protocol version or cipher in common.
        package static let incompatible = Code(value: .incompatible)
        /// The peer does not speak TLS.
        package static let notTLS = Code(value: .notTLS)
        /// The peer closed the connection before the handshake was done.
        package static let closedInHandshake = Code(value: .closedInHandshake)
        /// The connection ended without a close_notify: what was read may not be all that was sent.
        package static let truncated = Code(value: .truncated)
        /// The connection broke: a system call failed.
        package static let connection = Code(value: .connection)
        /// The peer broke the rules of TLS, or the bytes were changed on their way.
        package static let protocolViolation = Code(value: .protocolViolation)
        /// OpenSSL failed for a reason of its own, such as a lack of memory.
        package static let library = Code(value: .library)
    }
}

extension TLSError: CustomStringConvertible {
    package var description: String { "\(message); \(hint)" }
}
