/// The options that hold on one loop at the moment, for the loop and its connections. Touched on that loop alone, so that a
/// change needs no lock, and a request no look at what other threads write.
final class HTTPLoopOptions {
    var current: HTTPServerOptions

    init(_ options: HTTPServerOptions) { current = options }
}
