/// Who sends a request, as far as it decides what the request may do.
enum Caller: Sendable, Equatable {
    /// The service has no tokens: whoever reaches it may do everything.
    case anyone
    /// The holder of a token of the configuration, with the token's scopes.
    case holder(ScopeSet)
    /// Somebody without a token.
    case stranger
    /// Somebody with a token that is not one of the configuration.
    case impostor

    /// Whether the caller may do what has this requirement.
    func meets(_ requirement: Requirement) -> Bool {
        switch self {
        case .anyone: true
        case .holder(let scopes): if case .scope(let scope) = requirement { scopes.contains(scope) } else { true }
        case .stranger, .impostor: requirement == .anyone
        }
    }
}
