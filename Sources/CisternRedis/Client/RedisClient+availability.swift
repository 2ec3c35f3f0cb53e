internal import CisternResilience
internal import CisternSockets

/// Whether Redis can be asked, from any thread without waiting.
extension RedisClient {
    /// Whether it answers, as far as is known, and is asked: the last checks passed and the breakers are closed.
    package var isHealthy: Bool {
        guard let guarding else { return isConnected }
        return guarding.health.isHealthy && guarding.breaker.isClosed && guarding.writeBreaker.isClosed
    }

    /// Whether a write would be sent now.
    package var takesWrites: Bool {
        guard shards.contains(where: { $0.counters.usable.value > 0 }) else { return false }
        return guarding.map { $0.breaker.isClosed && $0.writeBreaker.isClosed } ?? true
    }

    /// Has `observer` called whenever it may have become true that a write would be sent. It must be short.
    package func observeAvailability(_ observer: @escaping @Sendable () -> Void) {
        reconnection.observe { if $0.to == .connected { observer() } }
        for breaker in [guarding?.breaker, guarding?.writeBreaker] {
            breaker?.observe { if $0.to == .closed { observer() } }
        }
    }

    /// How long until it is asked again, by a probe or by an attempt to connect; nil where nothing speaks against asking now.
    ///
    /// - Parameter writing: Whether it is for a write.
    package func retryAfter(writing: Bool) -> Duration? {
        [
            guarding?.breaker.retryAfter, writing ? guarding?.writeBreaker.retryAfter : nil,
            reconnection.statistics.nextAttemptIn,
        ].compactMap { $0 }.min()
    }
}
