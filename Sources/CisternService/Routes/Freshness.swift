internal import CisternBytes
internal import CisternHTTP

/// How old a value may be that Redis did not give, by the request's `Cache-Control` (RFC 9111 §5.2.1, RFC 5861 §4).
struct Freshness {
    /// In seconds; nil for any age.
    private var limit: Int?

    /// Reads the field: `no-cache` allows nothing, `max-age` and `stale-if-error` so many seconds. What does not parse asks for
    /// nothing.
    init(_ head: HTTPRequestHead) {
        guard head.has(.cacheControl) else { return }
        var limit: Int?
        head.forEachElement(of: .cacheControl) { directive in
            let allowed = ASCII.equal(directive, lowercase: "no-cache") ? -1 : Self.seconds(directive)
            if let allowed { limit = min(limit ?? allowed, allowed) }
            return true
        }
        self.limit = limit
    }

    func allows(_ age: Duration) -> Bool {
        limit.map { age <= .seconds($0) } ?? true
    }

    private static func seconds(_ directive: Span<UInt8>) -> Int? {
        for name: StaticString in ["max-age=", "stale-if-error="] {
            let length = name.utf8CodeUnitCount
            guard directive.count > length, ASCII.equal(directive.extracting(..<length), lowercase: name) else {
                continue
            }
            return ASCII.decimal(directive.extracting(length...))
        }
        return nil
    }
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
            isStrict = ASCII.equal(preference, lowercase: "handling=strict")
            return !isStrict
        }
        return isStrict
    }
}
