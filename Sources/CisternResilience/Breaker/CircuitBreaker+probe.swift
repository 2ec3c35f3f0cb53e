internal import CisternBytes

extension CircuitBreaker {
    /// A probe as one that says how it came out.
    static func outcome(of probe: @escaping @Sendable () async throws -> Void) -> @Sendable () async -> BreakerOutcome {
        {
            do {
                try await probe()
                return .success
            } catch {
                return Task.isCancelled ? .ignored : .failure
            }
        }
    }

    /// Runs a probe and cancels it when its time is over, which is a failure; that nobody wants to know any more is not.
    static func limited(
        _ run: @escaping @Sendable () async -> BreakerOutcome, until deadline: MonotonicTime,
        _ scheduler: any Scheduler
    ) async -> BreakerOutcome {
        let probe = Task(executorPreference: scheduler.executor) { await run() }
        let timer = scheduler.schedule(at: deadline) { probe.cancel() }
        let outcome = await withTaskCancellationHandler {
            await probe.value
        } onCancel: {
            probe.cancel()
        }
        timer.cancel()
        if outcome == .success { return .success }
        if Task.isCancelled { return .ignored }
        return probe.isCancelled ? .failure : outcome
    }
}
