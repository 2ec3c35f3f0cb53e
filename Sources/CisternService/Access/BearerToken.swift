internal import CisternBytes
internal import CisternHTTP

extension HTTPRequestHead {
    /// The token of `Authorization: Bearer token` (RFC 6750 §2.1); nil where nothing is said in that scheme.
    ///
    /// Empty, and so nobody's, where none follows the scheme or where the field comes more than once: it must not
    /// (RFC 9110 §5.3), and which one counts would be a guess. A query is never looked at (RFC 6750 §5.3).
    var bearerToken: Span<UInt8>? {
        @_lifetime(borrow self) get {
            guard let value = value(of: .authorization) else { return nil }
            guard count(of: .authorization) == 1 else { return Span() }
            // RFC 9110 §11.1 and §11.4: a scheme in any case, then spaces.
            let scheme: StaticString = "bearer"
            var start = scheme.utf8CodeUnitCount
            guard value.count >= start, ASCII.equal(value.extracting(..<start), lowercase: scheme),
                value.count == start || value[start] == 0x20
            else { return nil }
            while start < value.count, value[start] == 0x20 { start += 1 }
            return value.extracting(start...)
        }
    }
}
