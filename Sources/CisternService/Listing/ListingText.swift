internal import CisternBytes
internal import CisternHTTP
internal import CisternJSON
internal import CisternRedis

/// The JSON of a page of a listing, in pieces: a page can have thousands of keys, and a client that reads slowly is no reason
/// to hold them all twice.
struct ListingText {
    static let entriesPerPiece = 256

    private let page: KeyPage
    /// Bytes of `key_prefix`, which clients know nothing of.
    private let prefix: Int
    private let cursor: ListingCursor
    private var json = JSONWriter(reserving: Self.entriesPerPiece * 64)
    private var position = 0
    private var isOver = false

    init(_ page: KeyPage, prefix: Int, _ cursor: ListingCursor) {
        self.page = page
        self.prefix = prefix
        self.cursor = cursor
        json.beginObject()
        json.key("keys")
        json.beginArray()
    }

    /// The next piece; nil behind the last one.
    mutating func next() -> Bytes? {
        guard !isOver else { return nil }
        let end = min(position + Self.entriesPerPiece, page.keys.count)
        // What is nothing but `key_prefix` is no key here.
        for entry in page.keys[position..<end] where entry.key.count > prefix { write(entry) }
        position = end
        if end == page.keys.count {
            isOver = true
            json.endArray()
            if page.next != 0 {
                json.key("cursor")
                json.string(cursor.text(of: page.next))
            }
            json.field("complete", page.next == 0)
            json.endObject()
        }
        return Bytes(adopting: json.take())
    }

    private mutating func write(_ entry: ListedKey) {
        json.object { json in
            let key = Bytes(entry.key.dropFirst(prefix))
            if let text = key.string {
                json.field("key", text)
            } else {
                json.field("key_base64", Base64.standard.encode(key.span))
            }
            if let seconds = entry.ttl.secondsLeft { json.field("ttl", seconds) }
        }
    }
}
