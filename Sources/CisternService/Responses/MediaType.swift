internal import CisternBytes

/// The media type of a value, by its key's extension: what is stored is bytes and nothing more.
enum MediaType {
    static let problem: StaticString = "application/problem+json"
    static let health: StaticString = "application/health+json"
    static let json: StaticString = "application/json"

    static func of(_ key: Bytes) -> StaticString {
        guard let wanted = Extension(of: key.span) else { return unknown }
        for (name, type) in table where name == wanted { return type }
        return unknown
    }

    /// The letters behind a key's last dot as one number, in lower case: looked for with every value that is read.
    private struct Extension: Equatable {
        /// The longest one of the table.
        static let maximum = 4

        private var letters: UInt32 = 0
        private var count = 0

        /// Nil when there is no dot, or more behind it than the table has.
        init?(of key: Span<UInt8>) {
            var index = key.count
            while index > 0 {
                index -= 1
                if key[index] == 0x2E { return }
                guard count < Self.maximum else { return nil }
                // The bit that makes a letter small; what else has it set is no letter before and after.
                letters |= UInt32(key[index] | 0x20) << (8 * count)
                count += 1
            }
            return nil
        }
    }

    private static let unknown: StaticString = "application/octet-stream"

    private static let table: [(Extension?, StaticString)] = [
        (".json", "application/json"), (".txt", "text/plain; charset=utf-8"), (".html", "text/html; charset=utf-8"),
        (".css", "text/css; charset=utf-8"), (".js", "text/javascript; charset=utf-8"), (".xml", "application/xml"),
        (".csv", "text/csv; charset=utf-8"), (".svg", "image/svg+xml"), (".png", "image/png"), (".jpg", "image/jpeg"),
        (".gif", "image/gif"), (".webp", "image/webp"), (".pdf", "application/pdf"),
    ].map { (name: Bytes, type: StaticString) in (Extension(of: name.span), type) }
}
