internal import CisternBytes

/// What holds on one loop at the moment, for the loop and its connections. Touched on that loop alone, so that a change needs no
/// lock, and a request no look at what other threads write.
final class HTTPLoopOptions {
    private(set) var current: HTTPServerOptions
    private(set) var handler: any HTTPHandler
    /// `idleTimeout` in nanoseconds: every request makes a deadline of it.
    private(set) var idleTime: Int64

    init(_ options: HTTPServerOptions, _ handler: any HTTPHandler) {
        current = options
        self.handler = handler
        idleTime = options.idleTimeout.saturatingNanoseconds
    }

    func apply(_ options: HTTPServerOptions, _ handler: any HTTPHandler) {
        current = options
        self.handler = handler
        idleTime = options.idleTimeout.saturatingNanoseconds
    }
}
