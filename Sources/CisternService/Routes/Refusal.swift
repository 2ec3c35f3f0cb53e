internal import CisternBytes
internal import CisternHTTP

/// A request that is answered with a problem before Redis is asked.
struct Refusal: Error, Sendable {
    let status: HTTPStatus
    /// What is wrong and how to mend it, without anything of the request in it.
    let detail: String
    /// With 503: when trying again may help; nil for soon.
    var retryAfter: Duration?
    /// With 405: the route whose methods `Allow` names (RFC 9110 §15.5.6).
    var allow: Route?
    /// With 415: the line of a field that names what is taken instead (RFC 9110 §15.5.16).
    var accepted: StaticString?
    /// With 422: the place in the content that is wrong.
    var pointer: JSONPointer?
    /// With 401, where the field is a must (RFC 9110 §15.5.2), and 403.
    var challenge: BearerChallenge?

    init(_ status: HTTPStatus, _ detail: String, allow: Route? = nil, challenge: BearerChallenge? = nil) {
        self.status = status
        self.detail = detail
        self.allow = allow
        self.challenge = challenge
    }

    static func query(_ detail: String) -> Refusal { Refusal(.badRequest, detail) }

    static func repeated(_ name: String) -> Refusal { query("the query parameter \(name) is given more than once") }

    static let emptyKey = Refusal(.badRequest, "the key is empty")

    static func keyTooLong(_ limit: Int) -> Refusal { Refusal(.uriTooLong, "the key is longer than \(limit) bytes") }

    /// The content is JSON, and not what is asked for.
    static func shape(_ pointer: JSONPointer, _ detail: String) -> Refusal {
        var refusal = Refusal(.unprocessableContent, "\(pointer.text.isEmpty ? "the content" : pointer.text) \(detail)")
        refusal.pointer = pointer
        return refusal
    }

    /// RFC 9110 §10.1.1.
    static let expectation = Refusal(.expectationFailed, "the only expectation that is met here is 100-continue")

    /// Writes the fields that belong to the status.
    func appendFields(_ head: borrowing HTTPResponseHead, to output: inout OutputQueue) {
        if status == .serviceUnavailable { head.field("Retry-After", decimal: retryAfterSeconds, to: &output) }
        allow?.definition.appendAllow(head, to: &output)
        if let accepted { head.lines(accepted, to: &output) }
        if let challenge { head.field("WWW-Authenticate", challenge.value, to: &output) }
    }

    /// Whole seconds, at least one, and up to a quarter more, so that those who were refused together do not come together.
    var retryAfterSeconds: Int {
        guard let retryAfter else { return 1 }
        return max(1, min((retryAfter * Double.random(in: 1...1.25)).secondsRoundedUp, 3600))
    }
}
