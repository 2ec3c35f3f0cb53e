internal import CisternHTTP

extension HTTPQuery {
    /// The next parameter; nil after the last one.
    ///
    /// - Throws: A refusal when it is not encoded as it must be.
    @_lifetime(self: copy self)
    mutating func nextParameter() throws(Refusal) -> HTTPQueryItem? {
        do {
            return try next()
        } catch {
            throw .query("a % in the query is not followed by two hexadecimal digits")
        }
    }
}
