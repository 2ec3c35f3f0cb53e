/// The methods of RFC 9110 §9 and RFC 5789, and QUERY, which is on its way to be one. Another token is answered with 501 and has
/// no value here; so is CONNECT, which no origin server has a resource for (RFC 9110 §9.3.6).
package enum HTTPMethod: UInt8, Sendable, CaseIterable {
    case get, head, put, delete, post, options, patch, trace, query

    /// The token on the wire; methods are case-sensitive (RFC 9110 §9.1).
    package var token: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .put: "PUT"
        case .delete: "DELETE"
        case .post: "POST"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .trace: "TRACE"
        case .query: "QUERY"
        }
    }

    /// No registered token is longer.
    static let longestToken = 7
}
