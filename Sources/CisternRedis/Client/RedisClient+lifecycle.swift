public import ServiceLifecycle

/// So that a `ServiceGroup` can own a client. Nobody needs `run()` otherwise.
extension RedisClient: Service {
    /// Waits until the group shuts down gracefully or the task is cancelled, and closes the client.
    public func run() async throws {
        try? await gracefulShutdown()
        await close()
    }
}
