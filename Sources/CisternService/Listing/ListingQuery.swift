internal import CisternBytes
internal import CisternHTTP

/// The query of a request for a listing, read whole.
struct ListingQuery {
    private static let limits = 1...1000

    /// What the keys begin with.
    var prefix = Bytes()
    /// About how many keys are looked at.
    var limit = 100
    /// Where the page before ended; nil to begin.
    var cursor: Bytes?

    init(_ head: HTTPRequestHead) throws(Refusal) {
        guard head.hasQuery else { return }
        var names: Set<Bytes> = []
        var query = HTTPQuery(head.query)
        while let item = try query.nextParameter() {
            switch item.name {
            case "prefix":
                guard names.insert(item.name).inserted else { throw .repeated("prefix") }
                prefix = item.value ?? Bytes()
            case "limit":
                guard names.insert(item.name).inserted else { throw .repeated("limit") }
                guard let value = item.value, let number = ASCII.decimal(value.span), Self.limits.contains(number)
                else {
                    throw .query("limit must be a number from \(Self.limits.lowerBound) to \(Self.limits.upperBound)")
                }
                limit = number
            case "cursor":
                guard names.insert(item.name).inserted else { throw .repeated("cursor") }
                cursor = item.value.flatMap { $0.isEmpty ? nil : $0 }
            default: throw .query("unknown query parameter; this route knows prefix, limit and cursor")
            }
        }
    }
}
