/// 160 bits, as SHA-1 makes them: what tells one content from another.
package struct Digest160: Sendable, Hashable {
    private let words: (UInt64, UInt64, UInt32)

    /// The digest whose bytes these are, the first 20 of them.
    package init(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= 20, "a digest has 20 bytes")
        words = (
            UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
        )
    }

    package static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
    }

    /// The 40 lower-case hexadecimal digits.
    package var hex: Bytes {
        var digits = [UInt8](repeating: 0, count: 40)
        digits.withUnsafeMutableBytes { if let base = $0.baseAddress { write(to: base) } }
        return Bytes(adopting: digits)
    }

    func write(to target: UnsafeMutableRawPointer) {
        let parts = (
            UInt32(truncatingIfNeeded: words.0 >> 32), UInt32(truncatingIfNeeded: words.0),
            UInt32(truncatingIfNeeded: words.1 >> 32), UInt32(truncatingIfNeeded: words.1), words.2
        )
        target.storeBytes(of: Hexadecimal.digits(of: parts.0), toByteOffset: 0, as: UInt64.self)
        target.storeBytes(of: Hexadecimal.digits(of: parts.1), toByteOffset: 8, as: UInt64.self)
        target.storeBytes(of: Hexadecimal.digits(of: parts.2), toByteOffset: 16, as: UInt64.self)
        target.storeBytes(of: Hexadecimal.digits(of: parts.3), toByteOffset: 24, as: UInt64.self)
        target.storeBytes(of: Hexadecimal.digits(of: parts.4), toByteOffset: 32, as: UInt64.self)
    }
}

extension OutputQueue {
    /// Appends the digest's 40 lower-case hexadecimal digits, between two constants where these are given.
    package mutating func append(_ before: StaticString = "", hex digest: Digest160, _ after: StaticString = "") {
        append(before, size: 40, after) { digest.write(to: $0) }
    }
}
