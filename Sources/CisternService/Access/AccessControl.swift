internal import CisternHTTP
internal import CisternLocks
internal import Synchronization

/// Who may do what, at the moment: the tokens can be replaced while requests are answered.
///
/// Without tokens a request pays for one load; with them for a short lock, which gives it the rules of that moment.
final class AccessControl: Sendable {
    private let asksForTokens = Atomic(false)
    private let rules: Locked<AccessRules>

    init(_ tokens: AuthTokens) {
        rules = Locked(AccessRules(tokens))
        if !tokens.list.isEmpty { asksForTokens.store(true, ordering: .relaxed) }
    }

    /// Who sends a request.
    func caller(of head: HTTPRequestHead) -> Caller {
        guard asksForTokens.load(ordering: .acquiring) else { return .anyone }
        return rules.withLock { $0 }.caller(of: head)
    }

    /// From the next request on these are the tokens.
    ///
    /// An empty list lets nobody in. It does not open a service that has asked for tokens: that takes a start, at which
    /// the address is checked (`http.allow_unauthenticated`).
    func replace(_ tokens: AuthTokens) {
        let next = AccessRules(tokens)
        rules.withLock { $0 = next }
        if !tokens.list.isEmpty { asksForTokens.store(true, ordering: .releasing) }
    }
}
