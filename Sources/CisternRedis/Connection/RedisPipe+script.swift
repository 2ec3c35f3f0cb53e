internal import CisternBytes
internal import CisternRESP

extension RedisPipe {
    /// Runs a script of one key, which writes: by its digest, or by its text where the server does not know it yet.
    /// `keyAndArguments`: how many bulks `encode` writes, the key first.
    func run(
        _ script: RedisScript, _ limit: OperationLimit, keyAndArguments: Int, _ encode: (inout OutputQueue) -> Void
    ) async -> Outcome {
        let outcome = await exchange(limit, isWrite: true) { output in
            output.appendRESPCommand(argumentCount: 3 + keyAndArguments)
            output.appendRESPBulk("EVALSHA")
            output.appendRESPBulk(bytes: script.digest)
            output.appendRESPBulk("1")
            encode(&output)
        }
        guard case .success(.one(.error(let error))) = outcome, error.hasCode("NOSCRIPT") else { return outcome }
        return await exchange(limit, isWrite: true) { output in
            output.appendRESPCommand(argumentCount: 3 + keyAndArguments)
            output.appendRESPBulk("EVAL")
            output.appendRESPBulk(bytes: script.source)
            output.appendRESPBulk("1")
            encode(&output)
        }
    }
}
