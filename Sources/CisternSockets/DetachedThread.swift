internal import CLinux
internal import Glibc

/// A thread that nobody joins: an event loop's, or one that waits in a blocking call.
enum DetachedThread {
    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void
        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Runs `run` on a new thread; the result is 0 or the `errno` that says why there is none.
    static func start(named name: String, _ run: @escaping @Sendable () -> Void) -> CInt {
        let body = Unmanaged.passRetained(Body(name: name, run: run))
        var thread = pthread_t()
        let result = pthread_create(&thread, nil, { Self.enter($0) }, body.toOpaque())
        if result != 0 { body.release() }
        return result
    }

    private static func enter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        pthread_detach(pthread_self())
        _ = pthread_setname_np(pthread_self(), body.name)
        body.run()
        return nil
    }
}
