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
    private var position = 0
    private var isFirstEntry = true
    private var isOver = false

    init(_ page: KeyPage, prefix: Int, _ cursor: ListingCursor) {
        self.page = page
        self.prefix = prefix
        self.cursor = cursor
    }

    /// The next piece; nil behind the last one.
    mutating func next() -> Bytes? {
        guard !isOver else { return nil }
        var text: [UInt8] = []
        text.reserveCapacity(Self.entriesPerPiece * 64)
        if position == 0 { text += Array("{\"keys\":[".utf8) }
        let end = min(position + Self.entriesPerPiece, page.keys.count)
        // What is nothing but `key_prefix` is no key here.
        for entry in page.keys[position..<end] where entry.key.count > prefix {
            if !isFirstEntry { text.append(UInt8(ascii: ",")) }
            isFirstEntry = false
            text += json(of: entry)
        }
        position = end
        if end == page.keys.count {
            isOver = true
            text.append(UInt8(ascii: "]"))
            if page.next != 0 {
                text += Array(",\"cursor\":\"".utf8) + cursor.text(of: page.next) + [UInt8(ascii: "\"")]
            }
            text += Array(",\"complete\":\(page.next == 0)}".utf8)
        }
        return Bytes(adopting: text)
    }

    private func json(of entry: ListedKey) -> [UInt8] {
        var json = JSONWriter(reserving: 64)
        json.object { json in
            let key = Bytes(entry.key.dropFirst(prefix))
            if let text = key.string {
                json.field("key", text)
            } else {
                json.field("key_base64", Base64.standard.encode(key.span))
            }
            if let seconds = entry.ttl.secondsLeft { json.field("ttl", seconds) }
        }
        return json.bytes
    }
}
