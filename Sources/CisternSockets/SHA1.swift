package import CisternBytes
internal import COpenSSL

/// SHA-1 as Redis names scripts by it and HTTP entity tags are made of it: an identifier, never a protection.
package enum SHA1 {
    package static func digest(of bytes: Bytes) -> Digest160 {
        // The one-shot function looks its algorithm up at every call; these do not.
        var context = SHA_CTX()
        SHA1_Init(&context)
        bytes.withUnsafeBytes { _ = SHA1_Update(&context, $0.baseAddress, $0.count) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digest in
            SHA1_Final(digest.baseAddress, &context)
            return Digest160(UnsafeRawBufferPointer(digest))
        }
    }

    /// The digest's 40 lower-case hexadecimal digits.
    package static func hexDigest(of bytes: Bytes) -> Bytes { digest(of: bytes).hex }
}
