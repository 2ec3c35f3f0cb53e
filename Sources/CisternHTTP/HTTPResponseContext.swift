/// What of a request, and of the connection's plans, decides how its response is framed.
package struct HTTPResponseContext: Sendable, Equatable {
    package var method: HTTPMethod
    package var version: HTTPVersion
    /// Whether the connection goes on after the response.
    package var keepAlive: Bool

    package init(method: HTTPMethod, version: HTTPVersion, keepAlive: Bool) {
        self.method = method
        self.version = version
        self.keepAlive = keepAlive
    }

    /// The context of a response to `head`; the connection may still decide to close.
    package init(_ head: HTTPRequestHead) {
        self.init(method: head.method, version: head.version, keepAlive: head.keepAlive)
    }

    /// The context of the refusal of a request that the parser rejected, with what it left in `head`.
    package static func rejected(_ head: HTTPRequestHead) -> HTTPResponseContext {
        HTTPResponseContext(method: head.method, version: head.version, keepAlive: false)
    }
}
