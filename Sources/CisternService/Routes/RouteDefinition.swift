internal import CisternBytes
internal import CisternHTTP

/// One entry of the table of routes: a path, its methods, and what each of them needs.
struct RouteDefinition: Sendable {
    /// The path as statistics and documentation have it: a route, never a key. `{key}` stands for the rest of a path.
    let path: StaticString
    /// Whether the request's `Host` must be one that is served.
    let isHostChecked: Bool

    private let get: Requirement?
    private let put: Requirement?
    private let delete: Requirement?
    private let post: Requirement?

    /// A route with the methods that are given a requirement. HEAD comes with GET, and OPTIONS with every route.
    init(
        _ path: StaticString, get: Requirement? = nil, put: Requirement? = nil, delete: Requirement? = nil,
        post: Requirement? = nil, isHostChecked: Bool = true
    ) {
        self.path = path
        self.get = get
        self.put = put
        self.delete = delete
        self.post = post
        self.isHostChecked = isHostChecked
    }

    /// What a request with this method needs; nil where the route does not have the method.
    func requirement(for method: HTTPMethod) -> Requirement? {
        switch method {
        case .get, .head: get
        case .put: put
        case .delete: delete
        case .post: post
        // RFC 9110 §9.3.7: it asks what can be done here, and does nothing.
        case .options: .anyone
        case .patch, .trace, .query: nil
        }
    }

    /// Whether nobody needs a token, whatever the method.
    var isPublic: Bool {
        self.get.isPublic && put.isPublic && delete.isPublic && post.isPublic
    }

    /// The methods in the order in which they are named.
    var methods: [HTTPMethod] {
        [.get, .head, .put, .delete, .post, .options].filter { requirement(for: $0) != nil }
    }

    /// Writes `Allow` (RFC 9110 §10.2.1).
    func appendAllow(_ head: borrowing HTTPResponseHead, to output: inout OutputQueue) {
        head.field("Allow", list: methods, to: &output)
    }
}

extension HTTPResponseHead {
    /// A field whose value is a list of methods.
    func field(_ name: StaticString, list methods: [HTTPMethod], to output: inout OutputQueue) {
        output.append(name)
        for (index, method) in methods.enumerated() {
            output.append(index == 0 ? ": " : ", ")
            output.append(method.token)
        }
        output.append("\r\n")
    }
}

extension Requirement? {
    /// Whether it asks for no token; a method that the route does not have asks for none.
    fileprivate var isPublic: Bool { self == nil || self == .anyone }
}
