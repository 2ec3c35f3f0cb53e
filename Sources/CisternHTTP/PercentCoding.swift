package import CisternBytes

/// Percent-encoding of raw bytes (RFC 3986 §2.1). `+` is a plus sign, never a space.
package enum PercentCoding {
    /// Which characters stay as they are; all others become `%XX`.
    package enum Kept: Sendable {
        /// `unreserved` alone: for one segment, or a value in a query.
        case unreserved
        /// `unreserved` and `/`: for a path.
        case path
        /// Whatever may stand in a path, `%` as well: for one that is encoded, perhaps not everywhere where it has to be.
        case encodedPath

        fileprivate var characters: ASCIISet {
            switch self {
            case .unreserved: HTTPGrammar.unreserved
            case .path: HTTPGrammar.unreservedOrSlash
            case .encodedPath: HTTPGrammar.path
            }
        }
    }

    /// Decodes once; nil where a `%` is not followed by two hexadecimal digits.
    package static func decode(_ text: Span<UInt8>) -> Bytes? {
        guard let first = ASCII.firstIndex(of: 0x25, in: text) else { return Bytes(copying: text) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        text.extracting(..<first).withUnsafeBufferPointer { decoded.append(contentsOf: $0) }
        var index = first
        while index < text.count {
            let byte = text[index]
            if byte != 0x25 {
                decoded.append(byte)
                index += 1
                continue
            }
            guard text.count - index > 2, let high = ASCII.hexDigit(text[index + 1]),
                let low = ASCII.hexDigit(text[index + 2])
            else { return nil }
            decoded.append(high << 4 | low)
            index += 3
        }
        return Bytes(adopting: decoded)
    }

    package static func encode(_ bytes: Span<UInt8>, keeping kept: Kept) -> Bytes {
        let plain = kept.characters
        let digits: StaticString = "0123456789ABCDEF"
        var encoded: [UInt8] = []
        encoded.reserveCapacity(bytes.count)
        for index in bytes.indices {
            let byte = bytes[index]
            if plain.contains(byte) {
                encoded.append(byte)
            } else {
                encoded.append(0x25)
                encoded.append(digits.utf8Start[Int(byte >> 4)])
                encoded.append(digits.utf8Start[Int(byte & 15)])
            }
        }
        return Bytes(adopting: encoded)
    }
}
