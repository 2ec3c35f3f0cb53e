package import CisternBytes

/// The chunked coding of a response's content (RFC 9112 §7.1).
package enum HTTPChunks {
    /// Appends one chunk; nothing for no bytes, since an empty chunk would be the last one.
    package static func append(_ content: Bytes, to output: inout OutputQueue) {
        guard !content.isEmpty else { return }
        appendSize(content.count, to: &output)
        output.append(value: content)
        output.append("\r\n")
    }

    /// Appends the last chunk, without trailers.
    package static func end(_ output: inout OutputQueue) {
        output.append("0\r\n\r\n")
    }

    private static func appendSize(_ size: Int, to output: inout OutputQueue) {
        let digits: StaticString = "0123456789abcdef"
        var shift = (Int.bitWidth - 1 - size.leadingZeroBitCount) / 4 * 4
        while shift >= 0 {
            output.append(digits.utf8Start[(size >> shift) & 15])
            shift -= 4
        }
        output.append("\r\n")
    }
}
