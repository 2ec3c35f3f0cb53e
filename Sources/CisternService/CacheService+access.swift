internal import CisternBytes
internal import CisternHTTP

/// What is decided of a request between its route and its handler.
extension CacheService {
    /// The checks in their order: token (401), method (405), scope (403). The result is who asks, for handlers whose
    /// answer depends on it.
    func admit(_ head: HTTPRequestHead, to route: Route) throws(Refusal) -> Caller {
        let caller = access?.caller(of: head) ?? .anyone
        let definition = route.definition
        if !definition.isPublic {
            if caller == .stranger { throw .tokenMissing }
            if caller == .impostor { throw .tokenUnknown }
        }
        guard let requirement = definition.requirement(for: head.method) else {
            throw Refusal(
                .methodNotAllowed, "this route does not have the method; Allow lists those it has", allow: route)
        }
        if case .scope(let scope) = requirement, !caller.meets(requirement) { throw .scopeMissing(scope) }
        return caller
    }

    /// What can be done here, for clients (RFC 9110 §9.3.7) and, before a page's request, for browsers (Fetch §3.3.2).
    func answerOptions(
        _ route: Route, _ head: HTTPRequestHead, _ responder: consuming HTTPResponder
    ) -> HTTPStatus {
        let isPreflight = cors?.isPreflight(head) ?? false
        responder.send(.noContent) { response, output in
            route.definition.appendAllow(response, to: &output)
            if isPreflight { CORSRules.appendPreflight(route.definition, response, to: &output) }
        }
        return .noContent
    }
}
