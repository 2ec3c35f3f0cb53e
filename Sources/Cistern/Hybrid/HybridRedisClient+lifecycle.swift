public import ServiceLifecycle

/// So that a `ServiceGroup` can own a client. Nobody needs `run()` otherwise.
extension HybridRedisClient: Service {
    /// How long a graceful shutdown waits for Redis to take what is kept.
    private static let patience: Duration = .seconds(10)

    /// Waits until the group shuts down gracefully or the task is cancelled, and closes the client. A graceful shutdown gives
    /// kept writes to Redis first, for at most ten seconds.
    public func run() async throws {
        try? await gracefulShutdown()
        if !Task.isCancelled { await flush(within: Self.patience) }
        await close()
    }
}
