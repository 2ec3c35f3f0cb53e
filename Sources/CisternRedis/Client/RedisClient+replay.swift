package import CisternBytes
package import CisternRESP
internal import CisternSockets

/// A write or a delete that is carried out late, where nobody else has been meanwhile.
package struct ReplayRequest: Sendable {
    package var key: Bytes
    /// Nil to delete the key.
    package var value: Bytes?
    package var expiry: KeyExpiry
    /// What the key may hold for the replay to go ahead; it also does where the key holds nothing.
    package var expected: [Bytes]

    package init(key: Bytes, value: Bytes?, expiry: KeyExpiry, expected: [Bytes]) {
        self.key = key
        self.value = value
        self.expiry = expiry
        self.expected = expected
    }
}

/// What a replay came to.
package enum ReplayOutcome: Sendable, Hashable {
    /// The key holds what it was to hold.
    case done
    /// The key holds another client's value, and keeps it.
    case conflict

    /// Reads the script's reply; nil when it is something else, and nothing was done.
    package init?(_ reply: RESPValue) {
        switch reply {
        case .integer(1), .integer(2): self = .done
        case .integer(0): self = .conflict
        default: return nil
        }
    }
}

extension RedisClient {
    /// Carries out a replay, in one atomic step. It may be repeated without harm.
    package func replay(_ request: ReplayRequest, _ limit: OperationLimit) async throws(RedisError) -> ReplayOutcome {
        try await onLoop { shard throws(RedisError) in try await shard.replay(request, limit) }
    }
}

extension RedisShard {
    nonisolated func replay(_ request: ReplayRequest, _ limit: OperationLimit) async throws(RedisError) -> ReplayOutcome
    {
        var (milliseconds, mode) = Self.scriptArguments(request.expiry)
        if request.value == nil { mode = "delete" }
        let digests = request.expected.map(SHA1.hexDigest)
        // No retry of its own: who asks for it comes again.
        let reply = try await perform(.write, limit, isRepeatable: false) { pipe in
            await pipe.run(.replay, limit, keyAndArguments: 4 + digests.count) { output in
                output.appendRESPBulk(bytes: request.key)
                output.appendRESPBulk(bytes: request.value ?? Bytes())
                output.appendRESPBulk(decimal: milliseconds)
                output.appendRESPBulk(mode)
                for digest in digests { output.appendRESPBulk(bytes: digest) }
            }.failingOnError
        }.first
        guard let outcome = ReplayOutcome(reply) else { throw ErrorHandler.unexpectedReply(to: "EVALSHA") }
        return outcome
    }
}
