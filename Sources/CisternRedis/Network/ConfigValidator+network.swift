internal import CisternBytes
internal import CisternConfiguration
internal import CisternRESP
internal import CisternSockets

extension ConfigValidator {
    /// Finds out whether Redis can be reached with a configuration: resolves the name, connects, secures the connection,
    /// presents the credentials and asks for a sign of life, each step timed.
    ///
    /// It makes one connection of its own and ends it. All steps together take no longer than `dial_timeout` and
    /// `read_timeout`. A configuration that is not valid fails at its first step, without touching the network.
    public func checkNetwork(_ config: RedisConfig) async -> NetworkReport {
        do throws(ConfigurationFaults) {
            try validateWithFiles(config)
        } catch {
            let message = error.faults.map { "\($0.key) \($0.rule)" }.joined(separator: "; ")
            return NetworkReport([
                .init(name: .resolve, outcome: .failed(message: message, hint: error.faults[0].hint), duration: .zero)
            ])
        }
        do {
            return await probe(try RedisClient(options: config.connectionOptions, logger: nil))
        } catch {
            let error = RedisError(.network, phase: .dialing, retry: .never, "\(error)")
            return NetworkReport([.init(.resolve, .zero, error)])
        }
    }

    private func probe(_ client: RedisClient) async -> NetworkReport {
        let report = NetworkReport(await client.preferred.probe())
        await client.close()
        return report
    }
}

extension RedisShard {
    /// Makes one connection, asks it for a sign of life and ends it; says how each step went.
    func probe() async -> [NetworkReport.Step] {
        var steps: [NetworkReport.Step] = []
        let start = MonotonicTime.now
        let connection = await dial(0, until: start + options.timeouts.dial) { name, duration, error in
            steps.append(.init(name, duration, error))
        }
        guard case .success(let pipe) = connection else { return steps }
        let sent = MonotonicTime.now
        let outcome = await pipe.exchange(OperationLimit(sent + options.timeouts.read)) { output in
            output.appendRESPCommand(argumentCount: 1)
            output.appendRESPBulk("PING")
        }
        var failure: RedisError?
        if case .failure(let error) = outcome.failingOnError { failure = error }
        steps.append(.init(.ping, MonotonicTime.now.since(sent), failure))
        pipe.end(ErrorHandler.clientClosed)
        return steps
    }
}
