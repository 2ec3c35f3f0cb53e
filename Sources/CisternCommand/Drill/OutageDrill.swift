internal import Cistern
internal import CisternBytes
internal import CisternRedis

/// An outage of Redis, rehearsed: what a ``HybridRedisClient`` does before, meanwhile and after.
///
/// Without a server of its own it shows what can be shown: there is no Redis from the beginning to the end.
final class OutageDrill {
    /// How long anything may take that is waited for.
    static let patience: Duration = .seconds(10)

    let client: HybridRedisClient
    private let server: DrillServer?
    private var steps: Steps
    private var table = DrillTable()
    private var phase = DrillTable.Phase.there

    /// - Parameters:
    ///   - steps: The steps so far: that the server was started.
    ///   - server: What the client reaches; nil for nobody.
    init(_ steps: Steps, of client: HybridRedisClient, server: DrillServer?) {
        self.steps = steps
        self.client = client
        self.server = server
    }

    /// Does every step. Returns whether those that were done passed.
    func run() async -> Bool {
        await whileRedisIsThere()
        phase = .away
        await whileRedisIsAway()
        phase = .back
        await whenRedisIsBack()
        say("\n\(table.text)")
        return !steps.hasFailed
    }

    // MARK: Steps

    /// A step for which Redis has to be there, or to have been there.
    func step(_ name: String, isVital: Bool = false, _ body: (DrillServer) async throws -> String) async {
        guard let server else { return steps.skip(name) }
        await steps.step(name, isVital: isVital) { try await body(server) }
    }

    /// A step that needs no Redis.
    func stepAlone(_ name: String, _ body: () async throws -> String) async { await steps.step(name, body) }

    // MARK: Operations

    /// Reads a key; its answer is counted.
    func read(_ key: Bytes) async throws -> CacheHit? {
        try await counted({ try await client.get(key) }) { hit in
            // Of a key that is gone it does not say who says so; while Redis is away, it can only be this process.
            (hit.map { $0.source == .local } ?? (phase == .away)) ? .copy : .redis
        }
    }

    /// Writes a key; its answer is counted.
    func write(_ key: Bytes, _ value: Bytes) async throws -> WriteReceipt {
        try await counted({ try await client.set(key, value) }) { $0.storedIn == .redis ? .redis : .kept }
    }

    /// Deletes a key; its answer is counted.
    func delete(_ key: Bytes) async throws -> WriteReceipt {
        try await counted({ try await client.delete(key) }) { $0.storedIn == .redis ? .redis : .kept }
    }

    private func counted<Answer>(
        _ operation: () async throws -> Answer, _ kind: (Answer) -> DrillTable.Answer
    ) async throws -> Answer {
        let start = ContinuousClock.now
        do {
            let answer = try await operation()
            table.add(kind(answer), in: phase, after: ContinuousClock.now - start)
            return answer
        } catch {
            table.add(.refused, in: phase, after: ContinuousClock.now - start)
            throw error
        }
    }
}
