internal import CisternBytes
internal import CisternRESP
internal import CisternSockets

/// Sending on a pipe and waiting for what it answers.
///
/// These are the shard's methods and not the pipe's, and their closures use `self`, because that alone isolates a closure
/// to the actor: one that does not, handed to `withTaskCancellationHandler`, runs off the loop.
extension RedisShard {
    /// Sends one command and waits for its reply until `deadline`.
    func send(
        on pipe: RedisPipe, until deadline: MonotonicTime, _ encode: (inout OutputQueue) -> Void
    ) async -> Outcome<RESPValue> {
        if let error = pipe.refusal(deadline) { return .failure(error) }
        let id = pipe.id
        let number = pipe.write(encode)
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { self.enqueue(.one($0), on: pipe, deadline) }
        } onCancel: {
            cancelCommand(number, ofPipe: id)
        }
    }

    /// Sends two commands in one write and waits for both replies until `deadline`.
    func sendPair(
        on pipe: RedisPipe, until deadline: MonotonicTime, _ encode: (inout OutputQueue) -> Void
    ) async -> Outcome<(RESPValue, RESPValue)> {
        if let error = pipe.refusal(deadline) { return .failure(error) }
        let id = pipe.id
        let number = pipe.write(encode)
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { self.enqueue(.pair($0, first: nil), on: pipe, deadline) }
        } onCancel: {
            cancelCommand(number, ofPipe: id)
        }
    }

    /// Sends `count` commands in one write and waits for all replies until `deadline`.
    func sendSeveral(
        _ count: Int, on pipe: RedisPipe, until deadline: MonotonicTime, _ encode: (inout OutputQueue) -> Void
    ) async -> Outcome<[RESPValue]> {
        guard count > 0 else { return .success([]) }
        if let error = pipe.refusal(deadline) { return .failure(error) }
        let id = pipe.id
        let number = pipe.write(encode)
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                var replies: [RESPValue] = []
                replies.reserveCapacity(count)
                self.enqueue(.several(continuation, replies: replies, count: count), on: pipe, deadline)
            }
        } onCancel: {
            cancelCommand(number, ofPipe: id)
        }
    }

    private func enqueue(_ completion: PendingCommand.Completion, on pipe: RedisPipe, _ deadline: MonotonicTime) {
        pipe.enqueue(completion, deadline)
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
