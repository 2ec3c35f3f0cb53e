package import CisternBytes
internal import CisternLocks
internal import Synchronization

/// Finds out at intervals whether something works, and tells when that changes.
///
/// A check is made at once and then at every interval; when there was traffic meanwhile that was answered, it counts as one.
/// One refusal makes it unhealthy, or three timeouts in a row; then checks come more often, and
/// ``HealthCheckerConfig/successThreshold`` successes in a row make it healthy again.
public final class HealthChecker: Sendable {
    /// What is believed.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// There has been no result that says anything.
        case unknown
        case healthy
        case unhealthy
    }

    /// A change of what is believed.
    public struct StateChange: Sendable, Hashable {
        /// What was believed before.
        public let from: State
        /// What is believed now.
        public let to: State
    }

    private struct Record {
        var machine: HealthMachine
        var roundTrips = RoundTrips()
        var checks = 0
        var failures = 0
        var lastSuccess: MonotonicTime?
        var lastFailure: MonotonicTime?
        var changedAt: MonotonicTime
        /// Nothing is checked before it has been started.
        var isStarted = false
    }

    private let record: Locked<Record>
    private let isHealthyNow = Atomic(false)
    private let feed = ChangeFeed<StateChange>()
    private let scheduler: any Scheduler
    private let check: @Sendable () async -> HealthCheckResult
    private let lastReply: @Sendable () -> MonotonicTime?
    private let driver: Driver

    /// A checker that has not been started.
    ///
    /// - Parameter check: Finds out whether it works. It must come to an end by itself.
    public convenience init(
        _ config: HealthCheckerConfig = HealthCheckerConfig(), check: @escaping @Sendable () async -> HealthCheckResult
    ) {
        self.init(config, scheduler: SystemScheduler(), lastReply: { nil }, check: check)
    }

    /// - Parameter lastReply: When something else than a check was answered last; nil for never.
    package init(
        _ config: HealthCheckerConfig, scheduler: any Scheduler, lastReply: @escaping @Sendable () -> MonotonicTime?,
        check: @escaping @Sendable () async -> HealthCheckResult
    ) {
        self.scheduler = scheduler
        self.check = check
        self.lastReply = lastReply
        record = Locked(
            Record(machine: HealthMachine(config, now: scheduler.now), changedAt: scheduler.now))
        driver = Driver(scheduler)
        driver.drive({ [weak self] in self?.step($0) ?? .rest }, decided: feed.deliver)
    }

    /// Makes the first check, and goes on until ``close()``. Twice is fine.
    public func start() {
        record.withLock { $0.isStarted = true }
        driver.update()
    }

    /// Ends the checks for good; none is in progress when it returns. Twice is fine.
    public func close() async { await driver.close() }

    /// Has a check made at once, or as soon as the one in progress has ended.
    public func checkNow() {
        record.withLock { $0.machine.hurry(scheduler.now) }
        driver.update()
    }

    /// Whether the last results say that it works; one atomic read.
    public var isHealthy: Bool { isHealthyNow.load(ordering: .relaxed) }

    /// What is believed.
    public var state: State { record.withLock { $0.machine.state } }

    /// Has `observer` called with every change, in order and outside any lock: it must be short.
    public func observe(_ observer: @escaping @Sendable (StateChange) -> Void) { feed.observe(observer) }

    // MARK: Checks

    private static func jitter() -> Double { Double.random(in: -1...1) }

    private func step(_ now: MonotonicTime) -> Step {
        let reply = lastReply()
        let step: HealthMachine.Step? = record.withLock { record in
            record.isStarted ? record.machine.step(now, lastReply: reply, jitter: Self.jitter()) : nil
        }
        return switch step {
        case nil: .rest
        case .wait(let deadline): deadline == .distantFuture ? .rest : .wait(until: deadline)
        case .check:
            .run { [weak self, check, scheduler] in
                let start = scheduler.now
                let result = await check()
                // Whoever has cancelled it has closed the checker, or was the last to know it.
                guard !Task.isCancelled else { return }
                let now = scheduler.now
                self?.note(result, roundTrip: now.since(start), now)
            }
        }
    }

    private func note(_ result: HealthCheckResult, roundTrip: Duration, _ now: MonotonicTime) {
        record.withLock { record in
            let before = record.machine.state
            record.machine.finish(result, now, jitter: Self.jitter())
            record.checks += 1
            if result == .passed {
                record.roundTrips.add(roundTrip)
                record.lastSuccess = now
            } else {
                record.failures += 1
                record.lastFailure = now
            }
            let state = record.machine.state
            guard state != before else { return }
            record.changedAt = now
            isHealthyNow.store(state == .healthy, ordering: .relaxed)
            feed.post(StateChange(from: before, to: state))
        }
        feed.deliver()
    }

    // MARK: Statistics

    /// What a checker has found.
    public struct Statistics: Sendable, Hashable {
        /// What is believed.
        public var state: State
        /// For how long it has been believed.
        public var inStateFor: Duration
        /// Checks that have ended.
        public var checks: Int
        /// Those of them that did not pass.
        public var failures: Int
        /// Checks in a row that did not pass.
        public var consecutiveFailures: Int
        /// How long ago a check passed last, or traffic was answered, which counts as one; nil for never.
        public var sinceLastSuccess: Duration?
        /// How long ago a check did not pass; nil for never.
        public var sinceLastFailure: Duration?
        /// The median time of the last checks that passed; nil while there are none.
        public var roundTripP50: Duration?
        /// The time that one in a hundred of them exceeded.
        public var roundTripP99: Duration?

        /// Whether the last results say that it works.
        public var isHealthy: Bool { state == .healthy }

        /// Of a checker that has checked nothing.
        package static let unknown = Statistics(
            state: .unknown, inStateFor: .zero, checks: 0, failures: 0, consecutiveFailures: 0)
    }

    /// What it has found, from any thread without waiting.
    public var statistics: Statistics {
        let reply = lastReply()
        let now = scheduler.now
        return record.withLock { record in
            let lastSuccess = [record.lastSuccess, reply].compactMap(\.self).max()
            return Statistics(
                state: record.machine.state, inStateFor: now.since(record.changedAt), checks: record.checks,
                failures: record.failures, consecutiveFailures: record.machine.consecutiveFailures,
                sinceLastSuccess: lastSuccess.map(now.since),
                sinceLastFailure: record.lastFailure.map(now.since),
                roundTripP50: record.roundTrips.percentile(50), roundTripP99: record.roundTrips.percentile(99))
        }
    }
}
