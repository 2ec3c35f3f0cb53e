internal import CisternHTTP

/// A request that is answered with a problem before Redis is asked.
struct Refusal: Error, Sendable {
    let status: HTTPStatus
    /// What is wrong and how to mend it, without anything of the request in it.
    let detail: String
    /// With 503: when trying again may help; nil for soon.
    var retryAfter: Duration?

    init(_ status: HTTPStatus, _ detail: String) {
        self.status = status
        self.detail = detail
    }

    static func query(_ detail: String) -> Refusal { Refusal(.badRequest, detail) }

    static func repeated(_ name: String) -> Refusal { query("the query parameter \(name) is given more than once") }
}
