package import CisternBytes

/// What a health checker decides, without a clock, a lock or a task: time and results go in.
package struct HealthMachine: Sendable {
    /// Checks that time out in a row before it is unhealthy.
    package static let timeoutsBelieved = 3
    private static let shortestPause: Duration = .seconds(1)

    package enum Step: Sendable, Equatable {
        case wait(until: MonotonicTime)
        case check
    }

    private let config: HealthCheckerConfig
    /// Can transition to: `healthy`, with the first success, from `unhealthy` with enough in a row; `unhealthy`, with a refusal or
    /// enough timeouts in a row.
    package private(set) var state = HealthChecker.State.unknown
    package private(set) var consecutiveFailures = 0
    package private(set) var consecutiveSuccesses = 0
    private var consecutiveTimeouts = 0
    private var nextCheck: MonotonicTime
    private var isChecking = false
    /// A check was asked for while one was in progress, which may have begun before what it was asked for.
    private var isHurried = false

    package init(_ config: HealthCheckerConfig, now: MonotonicTime) {
        self.config = config
        nextCheck = now
    }

    /// What to do now. A check that is to begin has been noted; its end comes by `finish`.
    ///
    /// - Parameters:
    ///   - lastReply: When something else than a check was answered last.
    ///   - jitter: From -1 to 1: how far from the middle the next pause is.
    package mutating func step(_ now: MonotonicTime, lastReply: MonotonicTime?, jitter: Double) -> Step {
        guard !isChecking else { return .wait(until: .distantFuture) }
        guard now >= nextCheck else { return .wait(until: nextCheck) }
        // While all is well and something has been answered, there is nothing to ask.
        if state == .healthy, consecutiveFailures == 0, !isHurried, let lastReply,
            lastReply + config.interval > now
        {
            nextCheck = lastReply + pause(jitter)
            if nextCheck > now { return .wait(until: nextCheck) }
        }
        isChecking = true
        isHurried = false
        return .check
    }

    /// Notes the result of a check.
    package mutating func finish(_ result: HealthCheckResult, _ now: MonotonicTime, jitter: Double) {
        isChecking = false
        switch result {
        case .passed:
            consecutiveSuccesses += 1
            consecutiveFailures = 0
            consecutiveTimeouts = 0
            if state == .unknown || consecutiveSuccesses >= config.successThreshold { state = .healthy }
            nextCheck = now + (state == .healthy ? pause(jitter) : min(Self.shortestPause, config.checkInterval))
        case .timedOut, .failed:
            consecutiveSuccesses = 0
            consecutiveFailures += 1
            consecutiveTimeouts = result == .timedOut ? consecutiveTimeouts + 1 : 0
            if result == .failed || consecutiveTimeouts >= Self.timeoutsBelieved { state = .unhealthy }
            // 1 s, 2 s, 4 s…; the shift stops long before it could overflow.
            let doubled = Self.shortestPause * (1 << min(consecutiveFailures - 1, 20))
            nextCheck = now + min(doubled, config.checkInterval)
        }
        if isHurried { nextCheck = now }
    }

    /// Has a check made at once: something has changed.
    package mutating func hurry(_ now: MonotonicTime) {
        isHurried = true
        nextCheck = min(nextCheck, now)
    }

    private func pause(_ jitter: Double) -> Duration { config.interval + config.interval * (jitter * 0.1) }
}
