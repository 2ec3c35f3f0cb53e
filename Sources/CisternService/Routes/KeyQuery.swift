internal import CisternBytes
internal import CisternHTTP

/// The query of a request for a key, read whole: what is not known is refused, since `?tll=60` must not store for ever.
struct KeyQuery {
    var isBase64URL = false
    var ttl: Bytes?
    var keepsTTL = false

    /// Reads the query of `head`. `writes`: the request may say how long the key is to live.
    init(_ head: HTTPRequestHead, writes: Bool) throws(Refusal) {
        guard head.hasQuery else { return }
        var hasEncoding = false
        var hasKeep = false
        var query = HTTPQuery(head.query)
        while let item = try query.nextParameter() {
            switch item.name {
            case "key_encoding":
                guard !hasEncoding else { throw .repeated("key_encoding") }
                guard item.value == "base64url" else { throw .query("key_encoding must be base64url") }
                (hasEncoding, isBase64URL) = (true, true)
            case "ttl" where writes:
                guard ttl == nil else { throw .repeated("ttl") }
                ttl = item.value ?? Bytes()
            case "keep_ttl" where writes:
                guard !hasKeep else { throw .repeated("keep_ttl") }
                switch item.value {
                case "true": keepsTTL = true
                case "false": keepsTTL = false
                default: throw .query("keep_ttl must be true or false")
                }
                hasKeep = true
            default:
                throw .query(
                    writes
                        ? "unknown query parameter; this route knows ttl, keep_ttl and key_encoding"
                        : "unknown query parameter; this route and method know key_encoding alone")
            }
        }
    }
}
