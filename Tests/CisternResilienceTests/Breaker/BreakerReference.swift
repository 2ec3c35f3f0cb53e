import CisternBytes
import CisternResilience

/// The breaker once more, as redis.md has it, from a record of all that happened and without a thought of speed.
struct BreakerReference {
    /// An operation that was let through.
    final class Ticket {
        let generation: Int
        let begin: MonotonicTime
        let isProbe: Bool
        var isOver = false
        var isForgotten = false

        init(generation: Int, begin: MonotonicTime, isProbe: Bool) {
            self.generation = generation
            self.begin = begin
            self.isProbe = isProbe
        }
    }

    private struct Operation {
        let time: MonotonicTime
        let failed: Bool
    }

    let config: CircuitBreakerConfig
    let hasProbe: Bool
    private(set) var state = CircuitBreaker.State.closed
    private(set) var isForced = false
    private(set) var generation = 0
    private(set) var visited: [CircuitBreaker.State?] = []
    /// When the present state began.
    private var since = MonotonicTime(nanoseconds: .min)
    /// The counted operations of this closed state.
    private var operations: [Operation] = []
    /// Successes of this half-open state.
    private var successes = 0
    /// What was let through in this open or half-open state.
    private var tickets: [Ticket] = []
    private var hurriedAt: MonotonicTime?

    init(_ config: CircuitBreakerConfig, hasProbe: Bool) {
        self.config = config
        self.hasProbe = hasProbe
    }

    private func isInProgress(_ ticket: Ticket, _ now: MonotonicTime) -> Bool {
        !ticket.isOver && ticket.begin + config.checkInterval > now
    }

    /// Operations on trial now.
    func onTrial(_ now: MonotonicTime) -> Int { tickets.count { isInProgress($0, now) } }

    private mutating func become(_ next: CircuitBreaker.State, _ now: MonotonicTime) {
        if visited.isEmpty { visited = [state] }
        visited.append(next)
        state = next
        isForced = false
        generation += 1
        since = now
        operations = []
        successes = 0
        tickets = []
        hurriedAt = nil
    }

    /// The states that were gone through since the last call, the first included.
    mutating func takeVisited() -> [CircuitBreaker.State?] {
        defer { visited = [] }
        return visited
    }

    // MARK: Operations

    mutating func admit(_ now: MonotonicTime) -> Ticket? {
        if state == .open, !isForced, now >= since + config.resetTimeout { become(.halfOpen, now) }
        switch state {
        case .closed: return Ticket(generation: generation, begin: now, isProbe: false)
        case .open: return nil
        case .halfOpen: return onTrial(now) < config.successThreshold ? issue(now, isProbe: false) : nil
        }
    }

    private mutating func issue(_ now: MonotonicTime, isProbe: Bool) -> Ticket {
        let ticket = Ticket(generation: generation, begin: now, isProbe: isProbe)
        tickets.append(ticket)
        // Of those that hang, sixteen are remembered; in the open state there is nothing but the last probe.
        let remembered = state == .open ? 1 : config.successThreshold + 16
        let unheard = tickets.filter { !$0.isOver && !$0.isForgotten }
        for old in unheard.dropLast(remembered) { old.isForgotten = true }
        return ticket
    }

    mutating func finish(_ ticket: Ticket, _ outcome: BreakerOutcome, _ now: MonotonicTime) {
        guard ticket.generation == generation else { return }
        if state == .closed {
            // Here nothing tells one operation from another.
            guard outcome != .ignored else { return }
            operations.append(Operation(time: now, failed: outcome == .failure))
            if isTooBad { become(.open, now) }
            return
        }
        guard !ticket.isOver, !ticket.isForgotten else { return }
        ticket.isOver = true
        switch (state, outcome) {
        case (.open, .success) where !isForced: beginTrial(successes: 1, now)
        case (.halfOpen, .failure): become(.open, now)
        case (.halfOpen, .success):
            successes += 1
            if successes >= config.successThreshold { become(.closed, now) }
        default: break
        }
    }

    private mutating func beginTrial(successes first: Int, _ now: MonotonicTime) {
        become(.halfOpen, now)
        successes = first
        if successes >= config.successThreshold { become(.closed, now) }
    }

    /// `maxFailures` in a row, or half of twenty within an interval, which is cut into slices of a tenth that leave whole.
    private var isTooBad: Bool {
        let lastSuccess = operations.lastIndex { !$0.failed } ?? -1
        if operations.count - 1 - lastSuccess >= config.maxFailures { return true }
        guard operations.count >= 20, let now = operations.last?.time else { return false }
        var slices: [ArraySlice<Operation>] = []
        let length = config.checkInterval / 10
        for index in operations.indices {
            if let begin = slices.last?.first?.time, operations[index].time < begin + length {
                slices[slices.count - 1] = operations[slices[slices.count - 1].startIndex...index]
            } else {
                slices.append(operations[index...index])
            }
        }
        let window = slices.filter { slice in slice.first.map { $0.time + config.checkInterval > now } ?? false }
            .joined()
        return window.count >= 20 && window.count { $0.failed } * 2 >= window.count
    }

    // MARK: Probe

    enum Step {
        case rest
        case wait(until: MonotonicTime)
        case probe(Ticket)
    }

    mutating func probeStep(_ now: MonotonicTime) -> Step {
        guard hasProbe, state != .closed, !isForced else { return .rest }
        let reset = since + config.resetTimeout
        if state == .open, now >= reset { become(.halfOpen, now) }
        let isOpen = state == .open
        let limit = isOpen ? reset : .distantFuture
        let last = tickets.last { $0.isProbe }
        if let last, isInProgress(last, now) { return .wait(until: min(limit, last.begin + config.checkInterval)) }
        // Every check interval, or at once and then every second; after a hurry at once, unless there was one since.
        var due = isOpen ? (last?.begin ?? since) + config.checkInterval : last.map { $0.begin + .seconds(1) } ?? since
        if let hurriedAt { due = min(due, hurriedAt) }
        if now < due { return .wait(until: min(limit, due)) }
        if !isOpen, onTrial(now) >= config.successThreshold {
            let ends = tickets.filter { isInProgress($0, now) }.map { $0.begin + config.checkInterval }
            return .wait(until: ends.min() ?? .distantFuture)
        }
        hurriedAt = nil
        return .probe(issue(now, isProbe: true))
    }

    mutating func hurryProbe(_ now: MonotonicTime) {
        if state != .closed { hurriedAt = now }
    }

    // MARK: By force

    mutating func forceOpen(_ now: MonotonicTime) {
        if state != .open { become(.open, now) }
        isForced = true
    }

    mutating func forceClosed(_ now: MonotonicTime) {
        if state != .closed { become(.closed, now) }
        operations = []
    }
}
