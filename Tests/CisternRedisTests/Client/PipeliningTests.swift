import Cistern
import CisternSockets
import TestSupport
import Testing

@testable import CisternRedis

@Suite(.blocking, .timeLimit(.minutes(20)))
struct PipeliningTests {
    @Test func cancelledCommandsLeaveTheOthersAndTheConnectionAlone() async throws {
        let server = try RedisServerProcess()
        try await withClient(server.config { $0.readTimeout = .seconds(60) }) { client async throws in
            let count = 1000
            _ = try await client.send((0..<count).map { ["SET", Bytes("key\($0)"), Bytes("value\($0)")] })
            let connections = try server.connections()
            #expect(connections.count == 1)

            // While the server is stopped nothing is answered, so that all of them are on their way when some give up.
            server.pause()
            let before = client.statistics.commands
            let tasks = (0..<count).map { number in Task { try await client.get(Bytes("key\(number)")) } }
            #expect(eventually { client.statistics.commands == before + count })
            var generator = SplitMix64(seed: 42)
            let cancelled = Set((0..<count).shuffled(using: &generator).prefix(count / 2))
            for number in cancelled { tasks[number].cancel() }
            for number in cancelled {
                let result = await tasks[number].result
                #expect((result.failure as? RedisError)?.kind == .cancelled)
            }
            server.resume()
            for number in 0..<count where !cancelled.contains(number) {
                #expect(try await tasks[number].value == Bytes("value\(number)"))
            }
            #expect(try await client.get("key7") == "value7")
            #expect(try server.connections() == connections)
            #expect(client.statistics.connectionsLost == 0)
        }
    }

    /// Long ones are read into their place, and those behind them from a buffer.
    @Test func longRepliesAndShortOnesComeInTheirOrder() async throws {
        let server = try RedisServerProcess()
        try await withClient(server.config { $0.readTimeout = .seconds(60) }) { client async throws in
            var generator = SplitMix64(seed: 7)
            var values: [Bytes: Bytes] = [:]
            let block = 16 * 1024
            let sizes = [0, 1, block - 10, block, block + 1, 3 * block, 1 << 20, 1 << 20 + 2, 1 << 20 + 3, 5_000_000]
            for size in sizes {
                let (key, value) = (Bytes("key\(size)"), Bytes(generator.bytes(size)))
                values[key] = value
                try await client.set(key, value)
            }
            let order = (0..<100).map { _ in sizes[Int(generator.next() % UInt64(sizes.count))] }
            let replies = try await client.send(order.map { ["GET", Bytes("key\($0)")] })
            let expected = order.map { values[Bytes("key\($0)")] }
            let isSame = replies.count == 100 && zip(replies, expected).allSatisfy { $0 == .bulkString($1 ?? "?") }
            #expect(isSame)
            #expect(client.statistics.connectionsLost == 0)
        }
    }

    @Test func aCancelledCommandWhoseReplyIsOfSeveralValuesLeavesTheNextReplyInItsPlace() async throws {
        let server = try RedisServerProcess()
        try await withClient(server.config()) { client async throws in
            try await client.set("key", "value")
            server.pause()
            let several = Task { try await client.send([["GET", "a"], ["PING"], ["GET", "b"]]) }
            #expect(eventually { client.statistics.pool.idle == 0 })
            let pair = Task {
                try await client.cancellable(until: .now + .seconds(60)) { limit throws(RedisError) in
                    try await client.read("key", limit)
                }
            }
            #expect(eventually { client.statistics.commands == 3 })
            let other = Task { try await client.get("key") }
            #expect(eventually { client.statistics.commands == 4 })
            several.cancel()
            pair.cancel()
            let severalError = await several.result.failure as? RedisError
            let pairError = await pair.result.failure as? RedisError
            #expect(severalError?.kind == .cancelled && severalError?.isOutcomeUnknown == true)
            #expect(pairError?.kind == .cancelled)
            server.resume()
            #expect(try await other.value == "value")
        }
    }

    @Test func aTaskThatIsCancelledAlreadySendsNothing() async throws {
        let server = try RedisServerProcess()
        try await withClient(server.config()) { client async throws in
            try await client.ping()
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.set("key", "value")
            }
            let error = await task.result.failure as? RedisError
            #expect(error?.kind == .cancelled)
            #expect(error?.isOutcomeUnknown == false)
            #expect(try server.cli("EXISTS", "key").integer == 0)
        }
    }

    @Test func aTimeoutOfNothingSendsNothing() async throws {
        let server = try RedisServerProcess()
        try await withClient(server.config()) { client async throws in
            try await client.ping()
            for timeout in [Duration.zero, .seconds(-1), .seconds(Int64.min)] {
                let error = await redisError { () async throws(RedisError) in
                    try await client.set("key", "value", timeout: timeout)
                }
                #expect(error?.kind == .timeout)
                #expect(error?.isOutcomeUnknown == false)
            }
            #expect(try server.cli("EXISTS", "key").integer == 0)
            #expect(try await client.set("key", "value", timeout: .seconds(Int64.max)))
        }
    }

    @Test func manyTasksOnManyConnectionsGetTheirOwnReplies() async throws {
        let server = try RedisServerProcess()
        try await withClient(
            server.config {
                $0.poolSize = 4; $0.minIdleConns = 2
            }
        ) { client async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<50 {
                    group.addTask {
                        for round in 0..<40 {
                            let key = Bytes("\(task)")
                            try await client.set(key, Bytes("\(task):\(round)"))
                            #expect(try await client.get(key) == Bytes("\(task):\(round)"))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(client.statistics.commands == 4000)
            #expect(client.statistics.connectionsLost == 0)
        }
    }
}

extension Result {
    var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
