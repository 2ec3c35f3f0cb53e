internal import CisternBytes
internal import CisternLocks
internal import CisternRedis
internal import CisternResilience
internal import CisternSockets
internal import CisternStore
internal import Logging

/// Gives kept writes to Redis when it is back: in order, many at a time, while the breakers are closed.
final class Replayer: Sendable {
    /// Replays in progress at a time.
    private static let width = 64
    /// The pause after a round that left something; after rounds in which nothing got through it doubles.
    private static let shortestPause: Duration = .seconds(1)
    private static let longestPause: Duration = .seconds(30)

    private struct State {
        var nextRound = MonotonicTime(nanoseconds: .min)
        var isRunning = false
        /// Something changed while a round was in progress.
        var isHurried = false
        /// The pause after the next round that does not get through.
        var pause = Replayer.shortestPause
        /// Redis has refused all that was replayed last, and that has been told.
        var isRefused = false
        /// Who waits for the replay of a key to end; nil for those of all keys.
        var waiting: [Bytes?: [Alarm]] = [:]
    }

    private let redis: RedisClient
    private let store: FallbackStore
    private let limit: Duration
    private let logger: Logger?
    private let state = Locked(State())
    private let driver: Driver

    /// - Parameter limit: How long Redis has for one replay.
    init(_ redis: RedisClient, _ store: FallbackStore, limit: Duration, logger: Logger?) {
        self.redis = redis
        self.store = store
        self.limit = limit
        self.logger = logger
        driver = Driver(redis.scheduler)
        driver.drive { [weak self] in self?.step($0) ?? .rest }
        redis.observeAvailability { [weak self] in self?.hurry() }
    }

    /// Begins a round at once, if there is anything to replay and Redis takes it.
    func hurry() {
        state.withLock { state in
            state.nextRound = MonotonicTime(nanoseconds: .min)
            state.isHurried = state.isRunning
        }
        update()
    }

    /// Something was kept.
    func update() { driver.update() }

    func close() async {
        await driver.close()
        wakeAll()
    }

    private func step(_ now: MonotonicTime) -> Step {
        guard store.hasPending else { return .rest }
        // It is told when Redis is back; that a connection is only being replaced is not.
        guard redis.takesWrites else { return .wait(until: now + Self.shortestPause) }
        return state.withLock { state in
            guard now >= state.nextRound else { return .wait(until: state.nextRound) }
            state.isRunning = true
            return .run { [weak self] in await self?.round() }
        }
    }

    // MARK: Rounds

    private struct Tally: Sendable {
        var done = 0
        var conflicts = 0
        var failed = 0
        var isFruitless: Bool { done + conflicts == 0 && failed > 0 }

        mutating func add(_ end: KeyRecord.ReplayEnd?) {
            switch end {
            case .done: done += 1
            case .conflict: conflicts += 1
            case .failed, .unanswered: failed += 1
            case nil: break
            }
        }
    }

    private func round() async {
        var keys = store.replayable()[...]
        var tally = Tally()
        await withTaskGroup(of: KeyRecord.ReplayEnd?.self) { group in
            for key in keys.prefix(Self.width) { group.addTask { await self.replay(key) } }
            keys = keys.dropFirst(Self.width)
            while let end = await group.next() {
                tally.add(end)
                // Redis has gone again: the others wait for the next time.
                let goesOn =
                    tally.failed == 0 || redis.takesWrites && !(tally.isFruitless && tally.failed >= Self.width)
                guard goesOn, !Task.isCancelled, let key = keys.popFirst() else { continue }
                group.addTask { await self.replay(key) }
            }
        }
        let isNews = state.withLock { state in
            let isNews = tally.isFruitless != state.isRefused
            state.isRunning = false
            state.isRefused = tally.isFruitless
            state.nextRound = redis.scheduler.now + (state.isHurried ? .zero : state.pause)
            state.pause = tally.isFruitless ? min(state.pause * 2, Self.longestPause) : Self.shortestPause
            state.isHurried = false
            return isNews
        }
        tell(tally, isNews: isNews)
    }

    private func tell(_ tally: Tally, isNews: Bool) {
        let left = store.statistics.pendingEntries
        if tally.done + tally.conflicts > 0 {
            logger?.notice(
                "kept writes were replayed",
                metadata: ["done": "\(tally.done)", "conflicts": "\(tally.conflicts)", "left": "\(left)"])
        } else if tally.isFruitless, isNews, redis.takesWrites {
            logger?.warning("Redis takes none of the kept writes", metadata: ["left": "\(left)"])
        }
    }

    /// Replays one key's kept write; nil when there is none any more.
    private func replay(_ key: Bytes) async -> KeyRecord.ReplayEnd? {
        let place = store.place(of: key)
        guard let replay = store.beginReplay(key, place) else { return nil }
        let expiry: KeyExpiry =
            replay.keepsTTL ? .keep(newKey: replay.ttl) : replay.ttl.map { .after($0) } ?? .never
        let request = ReplayRequest(key: key, value: replay.value, expiry: expiry, expected: replay.expected)
        let end: KeyRecord.ReplayEnd
        var unanswered: UnansweredCommand?
        do throws(RedisError) {
            let outcome = try await redis.cancellable(until: .now + limit) { limit throws(RedisError) in
                try await redis.replay(request, limit)
            }
            end = outcome == .done ? .done : .conflict
        } catch {
            unanswered = error.unanswered.first
            end = unanswered == nil ? .failed : .unanswered(store.newNumber())
        }
        if store.endReplay(key, place, replay.write, end) { logConflict(key) }
        if case .unanswered(let number) = end {
            unanswered?.onEnd { [weak self] end in self?.ended(key, place, number, end) }
        }
        wake(key)
        return end
    }

    private func ended(_ key: Bytes, _ place: FallbackStore.Place, _ number: UInt64, _ end: UnansweredCommand.End) {
        let outcome: LateOutcome =
            switch end {
            case .dead: .dead
            case .answered(let reply):
                switch ReplayOutcome(reply) {
                case .done: .done
                case .conflict: .conflict
                case nil: .refused
                }
            }
        if store.settle(key, place, number, outcome) { logConflict(key) }
        hurry()
    }

    /// The key itself may be a secret; its hash lets an operator find it who has the key.
    private func logConflict(_ key: Bytes) {
        logger?.warning(
            "a kept write met another client's value, which stays",
            metadata: ["key_sha1": "\(SHA1.hexDigest(of: key).string ?? "")"])
    }

    // MARK: Waiting

    /// Waits until a replay of a key has ended, or of any key; false when the deadline came first.
    ///
    /// - Parameter isOver: Whether there is nothing to wait for any more.
    func wait(for key: Bytes?, until deadline: MonotonicTime, unless isOver: () -> Bool) async -> Bool {
        let alarm = Alarm()
        state.withLock { $0.waiting[key, default: []].append(alarm) }
        // What ended before the alarm was set does not ring it.
        if !isOver() {
            let timer = redis.scheduler.schedule(at: deadline) { alarm.ring() }
            await alarm.wait()
            timer.cancel()
        }
        state.withLock { state in
            state.waiting[key]?.removeAll { $0 === alarm }
            if state.waiting[key]?.isEmpty == true { state.waiting[key] = nil }
        }
        return MonotonicTime.now < deadline && !Task.isCancelled
    }

    private func wake(_ key: Bytes) {
        let waiting = state.withLock { ($0.waiting.removeValue(forKey: key) ?? []) + ($0.waiting[nil] ?? []) }
        for alarm in waiting { alarm.ring() }
    }

    private func wakeAll() {
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            return state.waiting.values.flatMap { $0 }
        }
        for alarm in waiting { alarm.ring() }
    }

    /// Waits until nothing is kept any more, or until the deadline.
    func flush(until deadline: MonotonicTime) async {
        hurry()
        while store.hasPending, MonotonicTime.now < deadline {
            // A replay that ends is the news; that Redis is back leads to one.
            guard await wait(for: nil, until: deadline, unless: { !store.hasPending }) else { return }
        }
    }
}
