package import CisternBytes

/// When another attempt to connect is made, without a clock, a lock or a task: time and outcomes go in.
package struct ReconnectionMachine: Sendable {
    private enum Phase: Sendable {
        /// The last attempt succeeded and nothing was lost since: more connections may be made as they are wanted. Can transition
        /// to: `doubtful`, when one is lost; `waiting`, when an attempt fails.
        case connected
        /// Whether the other side is there is not known, at start and after a loss: one attempt, at once. Can transition to:
        /// `attempting`.
        case doubtful
        /// One attempt is in progress. Can transition to: `connected`; `waiting`, when it fails; `doubtful`, when it is given up.
        case attempting
        /// The backoff after a failure. Can transition to: `attempting`, when it is over; `connected`, by an attempt that had begun
        /// before.
        case waiting(until: MonotonicTime)
    }

    /// Whether an attempt may be made.
    package enum Permission: Sendable, Equatable {
        /// Yes; whoever asked makes it and says how it ended.
        case attempt
        /// Another one is in progress: its end is told to all.
        case inProgress
        /// Not before then.
        case wait(until: MonotonicTime)
    }

    private let backoff: Backoff
    private var phase = Phase.doubtful
    /// Before this, not even being told to hurry helps.
    private var earliest = MonotonicTime(nanoseconds: .min)
    package private(set) var consecutiveFailures = 0

    package init(_ backoff: Backoff) { self.backoff = backoff }

    package var state: ReconnectionManager.State {
        switch phase {
        case .connected: .connected
        case .doubtful, .attempting: .connecting
        case .waiting: .waiting
        }
    }

    /// When the next attempt is made; nil when it need not be waited for.
    package var nextAttempt: MonotonicTime? {
        if case .waiting(let until) = phase { until } else { nil }
    }

    package mutating func begin(_ now: MonotonicTime) -> Permission {
        switch phase {
        case .connected: return .attempt
        case .attempting: return .inProgress
        case .waiting(let until) where now < until: return .wait(until: until)
        case .doubtful, .waiting:
            phase = .attempting
            return .attempt
        }
    }

    package mutating func succeeded() {
        phase = .connected
        consecutiveFailures = 0
        earliest = MonotonicTime(nanoseconds: .min)
    }

    /// - Parameters:
    ///   - pause: The least time until the next attempt, whatever the backoff says.
    ///   - fraction: From 0 to 1: where in its range the backoff is.
    package mutating func failed(_ now: MonotonicTime, pause: Duration, fraction: Double) {
        consecutiveFailures += 1
        earliest = max(earliest, now + pause)
        phase = .waiting(until: max(earliest, now + backoff.delay(attempt: consecutiveFailures, fraction: fraction)))
    }

    /// An attempt was given up without an outcome.
    package mutating func abandoned() {
        if case .attempting = phase { phase = .doubtful }
    }

    /// A connection that stood has been lost.
    package mutating func lost() {
        if case .connected = phase { phase = .doubtful }
    }

    /// Does not wait for the end of the backoff.
    package mutating func hurry(_ now: MonotonicTime) {
        if case .waiting = phase { phase = earliest > now ? .waiting(until: earliest) : .doubtful }
    }
}
