internal import CisternBytes

/// The media type of a value, by its key's extension: what is stored is bytes and nothing more.
enum MediaType {
    static let problem: StaticString = "application/problem+json"
    static let health: StaticString = "application/health+json"
    static let json: StaticString = "application/json"

    static func of(_ key: Bytes) -> StaticString {
        let key = key.span
        var start = key.count
        // The longest extension of the table has four letters.
        while start > max(0, key.count - 5) {
            if key[start - 1] == 0x2E {
                for (text, type) in table where ASCII.equal(key.extracting(start...), lowercase: text) { return type }
                break
            }
            start -= 1
        }
        return "application/octet-stream"
    }

    private static let table: [(StaticString, StaticString)] = [
        ("json", "application/json"), ("txt", "text/plain; charset=utf-8"), ("html", "text/html; charset=utf-8"),
        ("css", "text/css; charset=utf-8"), ("js", "text/javascript; charset=utf-8"), ("xml", "application/xml"),
        ("csv", "text/csv; charset=utf-8"), ("svg", "image/svg+xml"), ("png", "image/png"), ("jpg", "image/jpeg"),
        ("gif", "image/gif"), ("webp", "image/webp"), ("pdf", "application/pdf"),
    ]
}
