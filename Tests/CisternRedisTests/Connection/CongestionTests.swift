import Cistern
import CisternSockets
import TestSupport
import Testing

@testable import CisternRedis

/// What becomes of operations when more are wanted than the server can answer in time.
@Suite("Congestion", .blockingAlone, .timeLimit(.minutes(20)))
struct CongestionTests {
    private func gets(
        _ client: RedisClient, _ count: Int, timeout: Duration
    ) -> [Task<Result<Duration, RedisError>, Never>] {
        (0..<count).map { _ in
            Task {
                let begin = ContinuousClock.now
                do throws(RedisError) {
                    _ = try await client.get("k", timeout: timeout)
                    return .success(.now - begin)
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    @Test func whoComesBehindTooManyIsToldAtOnce() async throws {
        let server = try RedisServerProcess()
        let proxy = try FaultProxy(to: server.port)
        try await withClient(RedisConfig.local(proxy.port) { $0.poolSize = 1 }) { client async throws in
            try await client.set("k", "v")
            // A GET of this key is 20 bytes: a thousand of them take two seconds.
            proxy.set(.throttle(bytesPerSecond: 10_000))
            for task in gets(client, 1000, timeout: .milliseconds(400)) { _ = await task.value }
            // The server is still busy with those that nobody waits for any more.
            let before = client.statistics
            let begin = ContinuousClock.now
            var refused = 0
            for task in gets(client, 100, timeout: .milliseconds(400)) {
                if await task.value.failure == ErrorHandler.congested { refused += 1 }
            }
            #expect(refused == 100)
            #expect(.now - begin < .milliseconds(400 * slowness))
            #expect(client.statistics.congested - before.congested == 100)
            #expect(client.statistics.timeouts - before.timeouts == 100)
            proxy.set(.pass)
            // It is there for everybody again when it has caught up, and nothing was lost on the way.
            #expect(try await client.get("k", timeout: .seconds(60)) == "v")
            #expect(client.statistics.connectionsLost == 0)
        }
    }

    /// A long way to the server is no congestion, however many go it together.
    @Test func aSlowNetworkAloneRefusesNobody() async throws {
        let server = try RedisServerProcess()
        let proxy = try FaultProxy(to: server.port)
        try await withClient(RedisConfig.local(proxy.port) { $0.poolSize = 1 }) { client async throws in
            try await client.set("k", "v")
            proxy.set(.delay(.milliseconds(100)))
            for count in [10, 100, 3000] {
                for task in gets(client, count, timeout: .seconds(60)) { #expect(try await task.value.get() > .zero) }
            }
            #expect(client.statistics.congested == 0)
        }
    }
}
