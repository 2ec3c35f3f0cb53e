internal import Cistern
internal import CisternBytes
internal import CisternRedis
internal import CisternResilience

extension OutageDrill {
    func whileRedisIsThere() async {
        await step("write") { _ in
            for key in DrillKeys.old {
                let receipt = try await write(key, DrillKeys.oldValue(of: key))
                try require(receipt.storedIn == .redis, "Redis is there, and the write was kept here")
            }
            return "\(DrillKeys.old.count) keys, all stored in Redis"
        }
        await step("read") { _ in
            for key in DrillKeys.old { try await expect(key, DrillKeys.oldValue(of: key), from: .redis) }
            return "\(DrillKeys.old.count) keys, all answered by Redis"
        }
        await step("kill", isVital: true) {
            $0.kill()
            return "Redis is gone (kill -9)"
        }
    }

    func whileRedisIsAway() async {
        await step("copies") { _ in
            var oldest: Duration = .zero
            for key in DrillKeys.old {
                oldest = max(oldest, try await expect(key, DrillKeys.oldValue(of: key), from: .local).age)
            }
            return "\(DrillKeys.old.count) keys, all answered from here; the oldest copy is \(oldest.shown) old"
        }
        await stepAlone("unknown") {
            do {
                _ = try await read(DrillKeys.unknown)
            } catch let error as RedisError {
                return "a key without a copy is refused, and not said to be missing: \(error.message)"
            }
            throw Steps.Fault("a key of which nobody knows was said to be missing")
        }
        await stepAlone("keep") {
            for key in DrillKeys.written {
                let receipt = try await write(key, DrillKeys.newValue(of: key))
                try require(receipt.storedIn == .local, "Redis is away, and the write is said to be stored there")
                try await expect(key, DrillKeys.newValue(of: key), from: .local)
            }
            return "\(DrillKeys.written.count) writes kept here, and read back"
        }
        await stepAlone("delete") {
            for key in DrillKeys.deleted {
                let receipt = try await delete(key)
                try require(receipt.storedIn == .local, "Redis is away, and the delete is said to be done there")
                try require(try await read(key) == nil, "a deleted key still has a value")
            }
            return "\(DrillKeys.deleted.count) deletes kept here, and their keys are gone"
        }
        await stepAlone("breaker") {
            try await wait("the breaker did not open") {
                guard client.statistics.redis.breaker.state != .open else { return true }
                _ = try? await read(DrillKeys.unknown)
                return false
            }
            let breaker = client.statistics.redis.breaker
            return "open after \(breaker.failures) failures; refused \(breaker.refusals) operations without waiting"
        }
    }

    func whenRedisIsBack() async {
        await step("restart", isVital: true) {
            try await $0.start()
            return "Redis is back, with its data"
        }
        await step("replay") { _ in
            let left = await client.flush(within: Self.patience)
            try require(left == 0, "\(left) kept writes have not gone to Redis within \(Self.patience.shown)")
            return "\(client.statistics.pending.replayed) kept writes and deletes have gone to Redis"
        }
        await step("healthy") { _ in
            try await wait("Redis is not found to be healthy") { client.isRedisHealthy }
            for key in DrillKeys.written { try await expect(key, DrillKeys.newValue(of: key), from: .redis) }
            return "Redis answers again"
        }
        await step("stored") {
            try await look(in: $0, for: DrillKeys.written) { DrillKeys.newValue(of: $0) }
            return "Redis has all \(DrillKeys.written.count) values that were kept here"
        }
        await step("deleted") {
            try await look(in: $0, for: DrillKeys.deleted) { _ in nil }
            return "Redis has none of the \(DrillKeys.deleted.count) deleted keys"
        }
        await step("untouched") {
            try await look(in: $0, for: DrillKeys.untouched) { DrillKeys.oldValue(of: $0) }
            return "Redis has all \(DrillKeys.untouched.count) others as they were"
        }
        await step("lost") { _ in
            let pending = client.statistics.pending
            let kept = DrillKeys.written.count + DrillKeys.deleted.count
            let text =
                "\(pending.replayed) of \(kept) replayed, \(pending.conflicts) conflicts, \(pending.entries) pending"
            try require(pending.replayed == kept && pending.conflicts == 0 && pending.entries == 0, text)
            return "nothing: \(text)"
        }
    }

    // MARK: Checks

    /// Reads a key through the client.
    @discardableResult
    private func expect(_ key: Bytes, _ value: Bytes, from source: CacheSource) async throws -> CacheHit {
        guard let hit = try await read(key) else { throw Steps.Fault("a key that was written was not found") }
        try require(hit.value == value, "another value came back than was written")
        try require(hit.source == source, "the answer came from \(hit.source.rawValue)")
        return hit
    }

    /// Asks Redis itself.
    private func look(in server: DrillServer, for keys: [Bytes], _ expected: (Bytes) -> Bytes?) async throws {
        let wrong = try await server.withClient { redis in
            var wrong = 0
            for key in keys where try await redis.get(key) != expected(key) { wrong += 1 }
            return wrong
        }
        try require(wrong == 0, "\(wrong) of \(keys.count) keys are not in Redis as they should be")
    }

    /// Asks every few milliseconds whether something has come true.
    private func wait(_ fault: String, _ condition: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + Self.patience
        while try await !condition() {
            try require(ContinuousClock.now < end, fault)
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
