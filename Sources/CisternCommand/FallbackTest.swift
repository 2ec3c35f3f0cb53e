internal import ArgumentParser
internal import Cistern
internal import CisternRedis
internal import CisternResilience
internal import CisternService

/// `cistern fallback-test`.
struct FallbackTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fallback-test",
        abstract: "Rehearse an outage of Redis, step by step.",
        discussion: """
            Shows what happens to reads and writes while Redis is away, and when it is back. The Redis that is killed for \
            it is its own: it starts redis-server, if PATH has one, on a free port of 127.0.0.1, with its data in a \
            temporary directory, and removes both at the end, however it ends. Yours is not touched, and no configuration \
            is read. Everything waits less than with the defaults, so that it takes seconds.

              cistern fallback-test
              cistern fallback-test --log

            The steps: keys are written and read while Redis is there, and each leaves a copy in this process. Redis is \
            killed (kill -9). Now the copies answer, each with its age; a key without a copy is refused, because nobody \
            knows whether it exists; writes and deletes are kept in this process; and after a few failures the circuit \
            breaker opens, so that nobody waits for Redis any more. Redis comes back with its data, the kept writes are \
            replayed, and every key is looked up in Redis itself.

            Without redis-server there is nothing to kill. The steps that need no Redis are then done with an address \
            that nobody answers at, and the verdict says so.

            Exit code 0 when every step that was done passed, 1 when one failed.
            """)

    @Flag(help: "Also show, on standard error, what serve would log.") var log = false

    func run() async throws {
        do {
            try await rehearse()
        } catch let fault as Steps.Fault {
            printError("cistern: \(fault)")
            throw ExitCode.failure
        }
    }

    private func rehearse() async throws {
        var steps = Steps(width: 9)
        let port = try LoopbackPort()
        guard let program = ProgramFile.find("redis-server") else {
            say(
                """
                Redis is 127.0.0.1:\(port.number), where nobody answers: PATH has no redis-server that could be killed.

                """)
            steps.skip("start")
            let isPassed = try await rehearse(steps, with: .ofDrill(port: port.number), server: nil)
            // Held until here, so that indeed nobody answers.
            _ = port.release()
            return try end(isPassed: isPassed, ", as far as it goes without redis-server: apt-get install redis-server")
        }
        let server = try DrillServer(program: program, port: port.release())
        defer { server.remove() }
        say("Redis is \(program), on \(server.config.connectionOptions.address), for as long as this takes.\n")
        await steps.step("start", isVital: true) {
            try await server.start()
            return "redis-server answers"
        }
        try end(isPassed: try await rehearse(steps, with: server.config, server: server))
    }

    private func rehearse(_ steps: Steps, with config: RedisConfig, server: DrillServer?) async throws -> Bool {
        let client = try await HybridRedisClient(
            config, breaker: CircuitBreakerConfig(resetTimeout: .seconds(1), checkInterval: .milliseconds(200)),
            logger: log ? LogWriter(ServiceConfig.LogSection()).logger("cistern") : nil)
        let isPassed = await OutageDrill(steps, of: client, server: server).run()
        await client.close()
        return isPassed
    }
}
