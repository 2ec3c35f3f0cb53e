internal import CisternBytes

/// The request fields that someone here asks for. Every other name is ``other``: its lines are kept, without a name of
/// their own.
package enum HTTPFieldName: UInt8, Sendable, CaseIterable {
    case other
    case accept, accessControlRequestHeaders, accessControlRequestMethod, authorization, cacheControl, connection
    case contentEncoding, contentLength, contentRange, contentType, expect, host, ifMatch, ifNoneMatch, origin, prefer
    case range, transferEncoding, userAgent, xRequestID

    /// The name in lower case; empty for ``other``.
    package var text: StaticString {
        switch self {
        case .other: ""
        case .accept: "accept"
        case .accessControlRequestHeaders: "access-control-request-headers"
        case .accessControlRequestMethod: "access-control-request-method"
        case .authorization: "authorization"
        case .cacheControl: "cache-control"
        case .connection: "connection"
        case .contentEncoding: "content-encoding"
        case .contentLength: "content-length"
        case .contentRange: "content-range"
        case .contentType: "content-type"
        case .expect: "expect"
        case .host: "host"
        case .ifMatch: "if-match"
        case .ifNoneMatch: "if-none-match"
        case .origin: "origin"
        case .prefer: "prefer"
        case .range: "range"
        case .transferEncoding: "transfer-encoding"
        case .userAgent: "user-agent"
        case .xRequestID: "x-request-id"
        }
    }

    /// Field names are case-insensitive (RFC 9110 §5.1). The length alone leaves four candidates at most.
    init(_ name: Span<UInt8>) {
        self =
            switch name.count {
            case 4: Self.host.matching(name)
            case 5: Self.range.matching(name)
            case 6: Self.accept.matching(name, or: .expect, .origin, .prefer)
            case 8: Self.ifMatch.matching(name)
            case 10: Self.userAgent.matching(name, or: .connection)
            case 12: Self.contentType.matching(name, or: .xRequestID)
            case 13: Self.authorization.matching(name, or: .cacheControl, .ifNoneMatch, .contentRange)
            case 14: Self.contentLength.matching(name)
            case 16: Self.contentEncoding.matching(name)
            case 17: Self.transferEncoding.matching(name)
            case 29: Self.accessControlRequestMethod.matching(name)
            case 30: Self.accessControlRequestHeaders.matching(name)
            default: .other
            }
    }

    private func matching(
        _ name: Span<UInt8>, or second: Self = .other, _ third: Self = .other, _ fourth: Self = .other
    ) -> Self {
        if ASCII.equal(name, lowercase: text) { return self }
        if second != .other, ASCII.equal(name, lowercase: second.text) { return second }
        if third != .other, ASCII.equal(name, lowercase: third.text) { return third }
        if fourth != .other, ASCII.equal(name, lowercase: fourth.text) { return fourth }
        return .other
    }
}
