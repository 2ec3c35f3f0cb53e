/// What a request needs besides its method and path.
enum Requirement: Sendable, Equatable {
    /// Nothing: no token is asked for.
    case anyone
    /// Any token of the configuration.
    case anyToken
    /// A token with this scope. No scope includes another.
    case scope(AuthScope)
}
