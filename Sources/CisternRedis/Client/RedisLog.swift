internal import CisternResilience
internal import Logging

/// Tells an operator what has happened to Redis: once per change, and not once per request.
struct RedisLog: Sendable {
    private let logger: Logger
    private let address: String

    init(_ logger: Logger, address: String) {
        self.logger = logger
        self.address = address
    }

    func watch(_ reconnection: ReconnectionManager, _ guarding: RedisGuard?) {
        reconnection.observe { tell($0) }
        guarding?.breaker.observe { tell($0, of: "operations") }
        guarding?.writeBreaker.observe { tell($0, of: "writes") }
        guarding?.health.observe { change in
            logger.notice("Redis is \(change.to.rawValue)", metadata: ["before": "\(change.from.rawValue)"])
        }
    }

    private func tell(_ change: ReconnectionManager.StateChange) {
        switch (change.from, change.to) {
        case (.connected, .connecting):
            logger.warning("lost a connection to Redis", metadata: ["address": "\(address)"])
        // Of a row of failures the first is told.
        case (_, .waiting) where change.failures == 1:
            logger.warning(
                "cannot connect to Redis",
                metadata: ["address": "\(address)", "reason": "\(change.error.map { "\($0)" } ?? "unknown")"])
        case (_, .connected) where change.failures > 0:
            logger.notice("connected to Redis again", metadata: ["after_attempts": "\(change.failures)"])
        case (_, .connected): logger.info("connected to Redis", metadata: ["address": "\(address)"])
        default: break
        }
    }

    private func tell(_ change: CircuitBreaker.StateChange, of what: String) {
        switch change.to {
        case .open: logger.warning("the circuit breaker of \(what) is open")
        case .halfOpen: logger.info("the circuit breaker of \(what) lets a few through, on trial")
        case .closed: logger.notice("the circuit breaker of \(what) is closed again")
        }
    }
}
