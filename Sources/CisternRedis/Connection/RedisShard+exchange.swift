internal import CisternBytes
internal import CisternRESP
internal import CisternSockets

/// Sending on a pipe and waiting for what it answers.
///
/// Two traps of the language shape this code. A closure that does not use `self`, handed to
/// `withTaskCancellationHandler`, is not isolated to the actor and runs off the loop; so these are the shard's methods.
/// And a task that does not prefer the loop's executor may be put off at any `await`, even one that does not wait; so a
/// command is written in the same step in which its caller is noted, or replies would go to the wrong caller.
extension RedisShard {
    /// Sends one command and waits for its reply until `deadline`.
    func send(
        on pipe: RedisPipe, until deadline: MonotonicTime, _ encode: (inout OutputQueue) -> Void
    ) async -> Outcome<RESPValue> {
        let number = pipe.nextNumber()
        let id = pipe.id
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { self.give(.one($0), number, to: pipe, deadline, encode) }
        } onCancel: {
            cancelCommand(number, ofPipe: id)
        }
    }

    /// Sends two commands in one write and waits for both replies until `deadline`.
    func sendPair(
        on pipe: RedisPipe, until deadline: MonotonicTime, _ encode: (inout OutputQueue) -> Void
    ) async -> Outcome<(RESPValue, RESPValue)> {
        let number = pipe.nextNumber()
        let id = pipe.id
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { self.give(.pair($0, first: nil), number, to: pipe, deadline, encode) }
        } onCancel: {
            cancelCommand(number, ofPipe: id)
        }
    }

    /// Sends `count` commands in one write and waits for all replies until `deadline`.
    func sendSeveral(
        _ count: Int, on pipe: RedisPipe, until deadline: MonotonicTime, _ encode: (inout OutputQueue) -> Void
    ) async -> Outcome<[RESPValue]> {
        guard count > 0 else { return .success([]) }
        let number = pipe.nextNumber()
        let id = pipe.id
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                var replies: [RESPValue] = []
                replies.reserveCapacity(count)
                self.give(.several(continuation, replies: replies, count: count), number, to: pipe, deadline, encode)
            }
        } onCancel: {
            cancelCommand(number, ofPipe: id)
        }
    }

    private func give(
        _ completion: PendingCommand.Completion, _ number: Int, to pipe: RedisPipe, _ deadline: MonotonicTime,
        _ encode: (inout OutputQueue) -> Void
    ) {
        pipe.take(completion, number, deadline, encode)
    }

    /// Runs a script of one key on a pipe, by its digest, or by its text where the server does not know it yet.
    /// `keyAndArguments`: how many bulks `encode` writes, the key first.
    func run(
        _ script: RedisScript, on pipe: RedisPipe, until deadline: MonotonicTime, keyAndArguments: Int,
        _ encode: (inout OutputQueue) -> Void
    ) async -> Outcome<RESPValue> {
        let outcome = await send(on: pipe, until: deadline) { output in
            output.appendRESPCommand(argumentCount: 3 + keyAndArguments)
            output.appendRESPBulk("EVALSHA")
            output.appendRESPBulk(script.digest)
            output.appendRESPBulk("1")
            encode(&output)
        }
        guard case .success(.error(let error)) = outcome, error.hasCode("NOSCRIPT") else { return outcome }
        return await send(on: pipe, until: deadline) { output in
            output.appendRESPCommand(argumentCount: 3 + keyAndArguments)
            output.appendRESPBulk("EVAL")
            output.appendRESPBulk(script.source)
            output.appendRESPBulk("1")
            encode(&output)
        }
    }
}
