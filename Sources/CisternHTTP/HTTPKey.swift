package import CisternBytes

/// Reads a key from the part of a raw path that names it.
package enum HTTPKey {
    package enum Fault: Error, Sendable {
        /// A `%` without two hexadecimal digits.
        case malformedPercent
        /// Not base64url without padding.
        case malformedBase64URL
        case empty
        /// A segment is `.` or `..`: clients and proxies on the way resolve it, so it cannot name a key.
        case dotSegment
        /// Longer than the limit, decoded.
        case tooLong
    }

    /// - Parameters:
    ///   - raw: everything behind `/keys/` up to `?`.
    ///   - base64URL: whether the segment is base64url of the key; it holds any bytes then, dots as well.
    ///   - limit: the most bytes of the decoded key.
    package static func decode(_ raw: Span<UInt8>, base64URL: Bool, limit: Int) throws(Fault) -> Bytes {
        guard let decoded = PercentCoding.decode(raw) else { throw .malformedPercent }
        guard !decoded.isEmpty else { throw .empty }
        if base64URL {
            guard let key = Base64.url.decode(decoded.span) else { throw .malformedBase64URL }
            guard key.count <= limit else { throw .tooLong }
            return key
        }
        guard decoded.count <= limit else { throw .tooLong }
        guard !hasDotSegment(decoded.span) else { throw .dotSegment }
        return decoded
    }

    private static func hasDotSegment(_ key: Span<UInt8>) -> Bool {
        guard ASCII.firstIndex(of: 0x2E, in: key) != nil else { return false }
        var dots = 0
        var length = 0
        for index in key.indices {
            if key[index] == 0x2F {
                if length == dots, length == 1 || length == 2 { return true }
                dots = 0
                length = 0
            } else {
                length += 1
                if key[index] == 0x2E { dots += 1 }
            }
        }
        return length == dots && (length == 1 || length == 2)
    }
}
