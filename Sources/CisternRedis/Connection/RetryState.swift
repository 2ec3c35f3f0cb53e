internal import CisternResilience

/// Whether an operation is tried again after a failure, and when. No I/O.
struct RetryState {
    private let isRepeatable: Bool
    private var attempts = 0
    private var hasRetriedAtOnce = false

    init(isRepeatable: Bool) {
        self.isRepeatable = isRepeatable
    }

    /// How long to wait before the next attempt; nil when there is none. `left` is what the deadline leaves: a wait
    /// that does not fit into it is not begun.
    mutating func pause(after error: RedisError, maximum: Int, backoff: Backoff, left: Duration) -> Duration? {
        guard attempts < maximum else { return nil }
        attempts += 1
        switch error.retry {
        case .never: return nil
        case .onceOnNewConnection: return onceAtOnce(left)
        case .afterBackoff: return fitting(backoff.delay(attempt: attempts), left)
        case .ifRepeatable:
            // A reply that had begun was lost with its connection: only a command without effect may be repeated.
            guard error.phase == .queued || isRepeatable || isBeforeSending(error.phase) else { return nil }
            if error.phase == .written || error.phase == .queued, let now = onceAtOnce(left) { return now }
            return fitting(backoff.delay(attempt: attempts), left)
        }
    }

    private func isBeforeSending(_ phase: RedisError.Phase) -> Bool {
        phase == .dialing || phase == .handshake
    }

    private mutating func onceAtOnce(_ left: Duration) -> Duration? {
        guard !hasRetriedAtOnce, left > .zero else { return nil }
        hasRetriedAtOnce = true
        return .zero
    }

    private func fitting(_ pause: Duration, _ left: Duration) -> Duration? {
        pause < left ? pause : nil
    }
}
