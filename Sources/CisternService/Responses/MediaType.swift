internal import CisternBytes

/// The media type of a value, by its key's extension: what is stored is bytes and nothing more.
enum MediaType {
    static let problem: StaticString = "application/problem+json"
    static let health: StaticString = "application/health+json"
    static let json: StaticString = "application/json"

    static func of(_ key: Bytes) -> StaticString {
        guard let wanted = letters(of: key.span) else { return unknown }
        for (letters, type) in table where letters == wanted { return type }
        return unknown
    }

    /// The letters behind a key's last dot, in lower case, as one number, which is compared faster than text. Nil when there is no
    /// dot, or more behind it than the table has.
    private static func letters(of key: Span<UInt8>) -> UInt32? {
        var letters: UInt32 = 0
        var shift: UInt32 = 0
        var index = key.count
        while index > 0 {
            index -= 1
            if key[index] == 0x2E { return letters }
            guard shift < 32 else { return nil }
            // The bit makes a letter small, and no other byte a letter; with it every byte counts, zero as well.
            letters |= UInt32(key[index] | 0x20) << shift
            shift += 8
        }
        return nil
    }

    private static let unknown: StaticString = "application/octet-stream"

    private static let table: [(UInt32?, StaticString)] = [
        (".json", "application/json"), (".txt", "text/plain; charset=utf-8"), (".html", "text/html; charset=utf-8"),
        (".css", "text/css; charset=utf-8"), (".js", "text/javascript; charset=utf-8"), (".xml", "application/xml"),
        (".csv", "text/csv; charset=utf-8"), (".svg", "image/svg+xml"), (".png", "image/png"), (".jpg", "image/jpeg"),
        (".gif", "image/gif"), (".webp", "image/webp"), (".pdf", "application/pdf"),
    ].map { (name: Bytes, type: StaticString) in (letters(of: name.span), type) }
}
