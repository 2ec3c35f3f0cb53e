internal import CisternHTTP

/// What `WWW-Authenticate` says to a request that may not do what it asks for (RFC 6750 §3).
enum BearerChallenge: Sendable, Equatable {
    /// There is no token. RFC 6750 §3.1: then there is no error code either.
    case token
    /// The token is not one of the configuration.
    case validToken
    /// The token lacks a scope.
    case scope(AuthScope)

    /// The value of the field.
    var value: StaticString {
        switch self {
        case .token: #"Bearer realm="cistern""#
        case .validToken: #"Bearer realm="cistern", error="invalid_token""#
        case .scope(.read): #"Bearer realm="cistern", error="insufficient_scope", scope="read""#
        case .scope(.write): #"Bearer realm="cistern", error="insufficient_scope", scope="write""#
        case .scope(.list): #"Bearer realm="cistern", error="insufficient_scope", scope="list""#
        case .scope(.admin): #"Bearer realm="cistern", error="insufficient_scope", scope="admin""#
        }
    }
}

extension Refusal {
    static let tokenMissing = Refusal(
        .unauthorized, "a token is needed: Authorization: Bearer, and one of auth.tokens", challenge: .token)

    static let tokenUnknown = Refusal(
        .unauthorized, "the token is not one that is known here", challenge: .validToken)

    static func scopeMissing(_ scope: AuthScope) -> Refusal {
        Refusal(.forbidden, "the token does not have the scope \(scope.rawValue)", challenge: .scope(scope))
    }
}
