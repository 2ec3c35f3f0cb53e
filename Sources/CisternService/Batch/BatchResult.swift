internal import CisternBytes
internal import CisternHTTP
internal import CisternJSON

/// What became of one operation of a batch.
struct BatchResult: Sendable {
    var status: HTTPStatus
    /// What was read.
    var value: Bytes?
    /// Whether the value is to be in base64 also where it is UTF-8.
    var isBase64 = false
    /// The SHA-1 of the value that was read or written, in hexadecimal digits.
    var digest: Bytes?
    /// Whole seconds that the key lives on; nil where it does not expire.
    var ttl: Int?
    /// Whether this process has answered in place of Redis.
    var isFallback = false
    /// How many seconds ago Redis confirmed what was read, where this process has answered.
    var age: Int?
    /// Why it was refused.
    var detail: String?
    /// With 503: in how many seconds trying again may help.
    var retryAfter: Int?

    init(_ status: HTTPStatus) { self.status = status }

    init(_ refusal: Refusal) {
        status = refusal.status
        detail = refusal.detail
        if status == .serviceUnavailable { retryAfter = refusal.retryAfterSeconds }
    }

    /// The most bytes that any status alone takes.
    static let shortest = BatchResult(.contentTooLarge).text.count

    /// The most bytes that a write needs to say what became of it.
    static let longestWrite: Int = {
        var result = BatchResult(.accepted)
        result.digest = Bytes([UInt8](repeating: 0x30, count: 40))
        result.isFallback = true
        return result.text.count
    }()

    /// The result without what explains it.
    var brief: BatchResult {
        var brief = self
        brief.detail = nil
        brief.retryAfter = nil
        return brief
    }

    /// The result as JSON.
    var text: [UInt8] {
        var json = JSONWriter(reserving: 160 + (value?.count ?? 0))
        json.object { json in
            json.field("status", status.code)
            if let value { write(value, to: &json) }
            if let digest { json.field("etag", digest) }
            if let ttl { json.field("ttl", ttl) }
            if isFallback { json.field("source", "local") }
            if let age { json.field("age", age) }
            if let detail { json.field("detail", detail) }
            if let retryAfter { json.field("retry_after", retryAfter) }
        }
        return json.bytes
    }

    private func write(_ value: Bytes, to json: inout JSONWriter) {
        if !isBase64, let text = value.string {
            json.field("value", text)
        } else {
            json.field("value", Base64.standard.encode(value.span))
            json.field("encoding", "base64")
        }
    }
}

extension JSONWriter {
    /// Bytes that are text.
    mutating func field(_ key: String, _ text: Bytes) {
        self.key(key)
        string(text)
    }
}
