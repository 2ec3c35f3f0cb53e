internal import CisternBytes
internal import CisternLocks

/// Sees to it that a lost connection is made again: for ever, one attempt at a time, with a backoff between attempts that
/// spreads over its whole range.
///
/// The first attempt after a loss is made at once. Whoever makes connections asks it for permission and tells it the outcome;
/// ``connect(_:)`` does both around anything that connects.
public final class ReconnectionManager: Sendable {
    /// How things stand.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// The last attempt succeeded, and nothing has been lost since.
        case connected
        /// An attempt is in progress, or is about to be made.
        case connecting
        /// The last attempt failed; the next one comes after a backoff.
        case waiting
    }

    /// A change of how things stand.
    public struct StateChange: Sendable {
        /// How they stood.
        public let from: State
        /// How they stand now.
        public let to: State
        /// Attempts that have failed since there was a connection.
        public let failures: Int
        /// What the last attempt failed of.
        public let error: (any Error)?
    }

    private struct Record {
        var machine: ReconnectionMachine
        var lastError: (any Error)?
        var attempts = 0
        var failures = 0
        var losses = 0
        var reconnections = 0
        var hasConnected = false
        /// Who waits in `connect` for something to change.
        var waiting: [Alarm] = []
        var changedAt: MonotonicTime
    }

    private let record: Locked<Record>
    private let feed = ChangeFeed<StateChange>()
    private let scheduler: any Scheduler

    /// A manager that knows of no connection.
    public convenience init(backoff: Backoff) { self.init(backoff: backoff, scheduler: SystemScheduler()) }

    package init(backoff: Backoff, scheduler: any Scheduler) {
        self.scheduler = scheduler
        record = Locked(Record(machine: ReconnectionMachine(backoff), changedAt: scheduler.now))
    }

    /// Has `observer` called with every change, in order and outside any lock: it must be short.
    public func observe(_ observer: @escaping @Sendable (StateChange) -> Void) { feed.observe(observer) }

    // MARK: Attempts

    /// Connects: tries for ever, and returns what `attempt` does when it succeeds.
    ///
    /// - Throws: `CancellationError` when the task is cancelled; nothing else.
    public func connect<Connection>(_ attempt: () async throws -> Connection) async throws -> Connection {
        while true {
            try Task.checkCancellation()
            let alarm = Alarm()
            switch begin(orWait: alarm) {
            case .attempt:
                do {
                    let connection = try await attempt()
                    succeeded()
                    return connection
                } catch {
                    if Task.isCancelled { abandoned() } else { failed(error) }
                }
            case .inProgress: await alarm.wait()
            case .wait(let deadline):
                let timer = scheduler.schedule(at: deadline) { alarm.ring() }
                await alarm.wait()
                timer.cancel()
            }
        }
    }

    /// A connection that stood has been lost: the next attempt is made at once.
    public func lost() {
        change { record in
            record.losses += 1
            record.machine.lost()
        }
    }

    /// Has the next attempt made at once, without waiting for the end of the backoff.
    public func reconnectNow() { change { $0.machine.hurry(scheduler.now) } }

    /// Asks whether an attempt may be made. Whoever may says how it ended, by one of the next three.
    ///
    /// - Parameter alarm: rings when it may have become another answer, if it is not yes now.
    package func begin(orWait alarm: Alarm? = nil) -> ReconnectionMachine.Permission {
        change(wakes: false) { record in
            let permission = record.machine.begin(scheduler.now)
            if permission == .attempt { record.attempts += 1 } else if let alarm { record.waiting.append(alarm) }
            return permission
        }
    }

    package func succeeded() {
        change { record in
            if record.hasConnected, record.machine.state != .connected { record.reconnections += 1 }
            record.hasConnected = true
            record.lastError = nil
            record.machine.succeeded()
        }
    }

    /// - Parameter pause: The least time until the next attempt, whatever the backoff says.
    package func failed(_ error: any Error, pause: Duration = .zero) {
        change { record in
            record.failures += 1
            record.lastError = error
            record.machine.failed(scheduler.now, pause: pause, fraction: Double.random(in: 0...1))
        }
    }

    package func abandoned() { change { $0.machine.abandoned() } }

    /// What the last attempt failed of; nil when it succeeded.
    package var lastError: (any Error)? { record.withLock { $0.lastError } }

    /// What the last attempt failed of, while the next one is waited for.
    package var errorOfWaiting: (any Error)? {
        record.withLock { $0.machine.state == .waiting ? $0.lastError : nil }
    }

    /// Changes the machine, tells what came of it, and wakes who waits, unless nothing can have come of it for them.
    @discardableResult
    private func change<Result: Sendable>(wakes: Bool = true, _ body: (inout Record) -> Result) -> Result {
        let (result, waiting): (Result, [Alarm]) = record.withLock { record in
            let before = (record.machine.state, record.machine.consecutiveFailures)
            let result = body(&record)
            let after = (record.machine.state, record.machine.consecutiveFailures)
            // Each failure is told, also when the wait before it had not been left.
            if after != before {
                if after.0 != before.0 { record.changedAt = scheduler.now }
                feed.post(
                    StateChange(from: before.0, to: after.0, failures: max(before.1, after.1), error: record.lastError))
            }
            guard wakes else { return (result, []) }
            defer { record.waiting = [] }
            return (result, record.waiting)
        }
        feed.deliver()
        for alarm in waiting { alarm.ring() }
        return result
    }

    // MARK: Statistics

    /// What has been tried, and how things stand.
    public struct Statistics: Sendable, Hashable {
        /// How things stand.
        public var state: State
        /// For how long they have stood so.
        public var inStateFor: Duration
        /// Attempts that were begun.
        public var attempts: Int
        /// Attempts that failed.
        public var failures: Int
        /// Attempts in a row that failed.
        public var consecutiveFailures: Int
        /// Connections that were lost.
        public var losses: Int
        /// How often there was a connection again after a loss.
        public var reconnections: Int
        /// How long until the next attempt; nil unless it is waited for.
        public var nextAttemptIn: Duration?
    }

    /// What has been tried, and how things stand, from any thread without waiting.
    public var statistics: Statistics {
        let now = scheduler.now
        return record.withLock { record in
            Statistics(
                state: record.machine.state, inStateFor: now.since(record.changedAt), attempts: record.attempts,
                failures: record.failures, consecutiveFailures: record.machine.consecutiveFailures,
                losses: record.losses, reconnections: record.reconnections,
                nextAttemptIn: record.machine.nextAttempt.map { max(.zero, $0.since(now)) })
        }
    }
}
