package import CisternBytes
internal import COpenSSL

/// SHA-1 as Redis names scripts by it and HTTP entity tags are made of it: an identifier, never a protection.
package enum SHA1 {
    /// Calls `body` with the 40 lower-case hexadecimal digits of the digest of `bytes`. Allocates nothing.
    package static func withHexDigest<Result>(
        of bytes: Bytes, _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 60) { memory in
            let digest = UnsafeMutableBufferPointer(rebasing: memory[..<20])
            let hex = UnsafeMutableBufferPointer(rebasing: memory[20...])
            bytes.withUnsafeBytes { bytes in
                // The one-shot function looks its algorithm up at every call; these do not.
                var context = SHA_CTX()
                SHA1_Init(&context)
                SHA1_Update(&context, bytes.baseAddress, bytes.count)
                SHA1_Final(digest.baseAddress, &context)
            }
            for (index, byte) in digest.enumerated() {
                hex[2 * index] = digit(byte >> 4)
                hex[2 * index + 1] = digit(byte & 15)
            }
            return body(UnsafeBufferPointer(hex))
        }
    }

    /// The digest's 40 lower-case hexadecimal digits.
    package static func hexDigest(of bytes: Bytes) -> Bytes {
        withHexDigest(of: bytes) { Bytes($0) }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x61 + value - 10
    }
}
