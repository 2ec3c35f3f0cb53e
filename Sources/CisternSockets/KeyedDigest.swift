internal import COpenSSL

/// The SHA-256 of a secret behind a random key: of one size, whatever the secret's, and unforeseeable without the key.
///
/// Secrets are compared by their digests, so that the time it takes tells nobody where two of them begin to differ: the
/// comparison has no branch, and whoever could still measure it would see words of a digest that nobody can aim at.
/// A plain key in front is enough (no HMAC), since a digest never leaves the process: there is nothing to extend.
package struct KeyedDigest: Sendable {
    typealias Words = (UInt64, UInt64, UInt64, UInt64)

    /// 256 random bits. Only digests of the same key can be compared.
    package struct Key: Sendable {
        fileprivate let words: Words

        /// Takes them from the system's generator.
        package init() {
            var random = SystemRandomNumberGenerator()
            words = (random.next(), random.next(), random.next(), random.next())
        }
    }

    private let words: Words

    init(_ words: Words) { self.words = words }

    /// Allocates nothing.
    package init(of secret: Span<UInt8>, key: Key) {
        var words: Words = (0, 0, 0, 0)
        var context = SHA256_CTX()
        SHA256_Init(&context)
        withUnsafeBytes(of: key.words) { _ = SHA256_Update(&context, $0.baseAddress, $0.count) }
        secret.withUnsafeBytes { _ = SHA256_Update(&context, $0.baseAddress, $0.count) }
        withUnsafeMutableBytes(of: &words) {
            _ = SHA256_Final($0.bindMemory(to: UInt8.self).baseAddress, &context)
        }
        self.words = words
    }

    /// All ones where both are equal, else zero, without a branch on either.
    package func equality(with other: KeyedDigest) -> UInt64 {
        let difference =
            (words.0 ^ other.words.0) | (words.1 ^ other.words.1) | (words.2 ^ other.words.2)
            | (words.3 ^ other.words.3)
        // The highest bit of a number or of its negative is set, unless the number is zero.
        return ((difference | (0 &- difference)) >> 63) &- 1
    }
}
