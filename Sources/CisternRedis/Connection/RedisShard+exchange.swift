internal import CisternBytes
internal import CisternRESP
internal import CisternSockets

/// Sending on a pipe and waiting for what it answers.
///
/// What belongs together happens in the body of a continuation, which nothing interrupts: a task that does not prefer the
/// loop may be put to the end of the loop's queue on its way into `withTaskCancellationHandler`, and others come between.
/// The closures use `self`, because that alone isolates a closure to the actor: one that does not runs off the loop.
extension RedisShard {
    /// Sends one command and waits for its reply until `deadline`.
    func send(
        on pipe: RedisPipe, until deadline: MonotonicTime, isWrite: Bool = false,
        _ encode: (inout OutputQueue) -> Void
    ) async -> Outcome<RESPValue> {
        let id = pipe.id
        let number = pipe.takeNumber()
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if let error = self.give(.one(continuation), number, to: pipe, deadline, isWrite: isWrite, encode) {
                    continuation.resume(returning: .failure(error))
                }
            }
        } onCancel: {
            cancelCommand(number, ofPipe: id)
        }
    }

    /// Sends two commands in one write and waits for both replies until `deadline`.
    func sendPair(
        on pipe: RedisPipe, until deadline: MonotonicTime, _ encode: (inout OutputQueue) -> Void
    ) async -> Outcome<(RESPValue, RESPValue)> {
        let id = pipe.id
        let number = pipe.takeNumber()
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if let error = self.give(
                    .pair(continuation, first: nil), number, to: pipe, deadline, isWrite: false, encode)
                {
                    continuation.resume(returning: .failure(error))
                }
            }
        } onCancel: {
            cancelCommand(number, ofPipe: id)
        }
    }

    /// Sends `count` commands in one write and waits for all replies until `deadline`.
    func sendSeveral(
        _ count: Int, on pipe: RedisPipe, until deadline: MonotonicTime, _ encode: (inout OutputQueue) -> Void
    ) async -> Outcome<[RESPValue]> {
        guard count > 0 else { return .success([]) }
        let id = pipe.id
        let number = pipe.takeNumber()
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                var replies: [RESPValue] = []
                replies.reserveCapacity(count)
                let completion = PendingCommand.Completion.several(continuation, replies: replies, count: count)
                if let error = self.give(completion, number, to: pipe, deadline, isWrite: false, encode) {
                    continuation.resume(returning: .failure(error))
                }
            }
        } onCancel: {
            cancelCommand(number, ofPipe: id)
        }
    }

    /// Hands a command to a pipe; the result is why the pipe does not take it.
    private func give(
        _ completion: PendingCommand.Completion, _ number: Int, to pipe: RedisPipe, _ deadline: MonotonicTime,
        isWrite: Bool, _ encode: (inout OutputQueue) -> Void
    ) -> RedisError? {
        // A task that is cancelled from here on is found by its number.
        if Task.isCancelled { return ErrorHandler.cancelled(.queued) }
        let error = pipe.send(completion, number: number, deadline, isWrite: isWrite, encode)
        if pipe.depth == PoolPolicy.comfortableDepth { dialIfWanted() }
        return error
    }

    /// Runs a script of one key, which writes, on a pipe: by its digest, or by its text where the server does not know it
    /// yet. `keyAndArguments`: how many bulks `encode` writes, the key first.
    func run(
        _ script: RedisScript, on pipe: RedisPipe, until deadline: MonotonicTime, keyAndArguments: Int,
        _ encode: (inout OutputQueue) -> Void
    ) async -> Outcome<RESPValue> {
        let outcome = await send(on: pipe, until: deadline, isWrite: true) { output in
            output.appendRESPCommand(argumentCount: 3 + keyAndArguments)
            output.appendRESPBulk("EVALSHA")
            output.appendRESPBulk(script.digest)
            output.appendRESPBulk("1")
            encode(&output)
        }
        guard case .success(.error(let error)) = outcome, error.hasCode("NOSCRIPT") else { return outcome }
        return await send(on: pipe, until: deadline, isWrite: true) { output in
            output.appendRESPCommand(argumentCount: 3 + keyAndArguments)
            output.appendRESPBulk("EVAL")
            output.appendRESPBulk(script.source)
            output.appendRESPBulk("1")
            encode(&output)
        }
    }
}
