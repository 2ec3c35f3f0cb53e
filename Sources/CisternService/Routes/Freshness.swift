internal import CisternBytes
internal import CisternHTTP

/// How old a value may be that Redis did not give, by the request's `Cache-Control` (RFC 9111 §5.2.1, RFC 5861 §4).
struct Freshness {
    /// In seconds; nil for any age.
    private var limit: Int?

    /// Reads the field: `no-cache` allows nothing, `max-age` and `stale-if-error` so many seconds.
    init(_ head: HTTPRequestHead) {
        guard head.has(.cacheControl) else { return }
        var limit: Int?
        head.forEachElement(of: .cacheControl) { text in
            let directive = HTTPParameter(text)
            let allowed: Int? =
                if directive.isNamed("no-cache") {
                    -1
                } else if directive.isNamed("max-age") || directive.isNamed("stale-if-error") {
                    // What is no number is none that anything is younger than.
                    ASCII.decimal(directive.value) ?? -1
                } else {
                    nil
                }
            if let allowed { limit = min(limit ?? allowed, allowed) }
            return true
        }
        self.limit = limit
    }

    /// - Parameter age: In whole seconds, as `Age` says it.
    func allows(_ age: Int) -> Bool { limit.map { age <= $0 } ?? true }
}

extension HTTPRequestHead {
    /// Whether a write may be kept here where Redis does not take it: not if the client wants it stored, and not if it depends on
    /// what the key holds, which nobody knows.
    var mayBeKept: Bool { !isStrict && !isConditional }

    /// Whether a write is to be refused rather than kept here: `Prefer: handling=strict` (RFC 7240 §4.4).
    private var isStrict: Bool {
        guard has(.prefer) else { return false }
        var isStrict = false
        forEachElement(of: .prefer) { preference in
            let parameter = HTTPParameter(preference)
            isStrict = parameter.isNamed("handling") && ASCII.equal(parameter.value, lowercase: "strict")
            return !isStrict
        }
        return isStrict
    }
}
