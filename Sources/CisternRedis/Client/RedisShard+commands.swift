package import CisternBytes
internal import CisternRESP
internal import CisternSockets

/// A value as it was read, with how long it lives.
package struct StoredValue: Sendable, Hashable {
    /// The value.
    package let value: Bytes
    /// How long it lives; `missing` when it expired between the two commands that read it.
    package let ttl: KeyTTL

    package init(value: Bytes, ttl: KeyTTL) {
        self.value = value
        self.ttl = ttl
    }
}

// The encoding and the reading of a command run where its caller runs; only `perform` is the actor's.
extension RedisShard {
    /// Carries out one command of one reply.
    nonisolated func command(
        _ purpose: Purpose, _ limit: OperationLimit, isRepeatable: Bool,
        _ encode: @Sendable (inout OutputQueue) -> Void
    ) async throws(RedisError) -> RESPValue {
        try await send(purpose, limit, isRepeatable: isRepeatable, encode).first
    }

    /// GET.
    nonisolated func get(_ key: Bytes, _ limit: OperationLimit) async throws(RedisError) -> Bytes? {
        let reply = try await command(.read, limit, isRepeatable: true) { output in
            output.appendRESPCommand(argumentCount: 2)
            output.appendRESPBulk("GET")
            output.appendRESPBulk(bytes: key)
        }
        return try Self.optionalString(reply, "GET")
    }

    /// GET and PTTL in one write.
    // In one frame with its caller: each frame of a task is allocated for each read.
    @inline(__always)
    nonisolated func read(_ key: Bytes, _ limit: OperationLimit) async throws(RedisError) -> StoredValue? {
        let replies = try await send(.read, limit, isRepeatable: true, count: 2) { output in
            // As they are on the wire, in one copy: every read sends them.
            output.append("*2\r\n$3\r\nGET\r\n")
            output.appendRESPBulk(bytes: key)
            output.append("*2\r\n$4\r\nPTTL\r\n")
            output.appendRESPBulk(bytes: key)
        }
        guard case .pair(let value, let ttl) = replies else { throw ErrorHandler.unexpectedReply(to: "GET") }
        guard let bytes = try Self.optionalString(value, "GET") else { return nil }
        return StoredValue(value: bytes, ttl: KeyTTL(milliseconds: try Self.integer(ttl, "PTTL")))
    }

    /// SET; false when `onlyIfAbsent` and the key is there.
    nonisolated func set(
        _ key: Bytes, _ value: Bytes, ttl: Duration?, keepTTL: Bool, onlyIfAbsent: Bool, _ limit: OperationLimit
    ) async throws(RedisError) -> Bool {
        let reply = try await command(.write, limit, isRepeatable: !onlyIfAbsent) { output in
            output.appendRESPCommand(
                argumentCount: 3 + (ttl == nil ? 0 : 2) + (keepTTL ? 1 : 0) + (onlyIfAbsent ? 1 : 0))
            output.appendRESPBulk("SET")
            output.appendRESPBulk(bytes: key)
            output.appendRESPBulk(bytes: value)
            if let ttl {
                output.appendRESPBulk("PX")
                output.appendRESPBulk(decimal: ttl.redisMilliseconds)
            }
            if keepTTL { output.appendRESPBulk("KEEPTTL") }
            if onlyIfAbsent { output.appendRESPBulk("NX") }
        }
        switch reply {
        case .simpleString: return true
        case .null: return false
        default: throw ErrorHandler.unexpectedReply(to: "SET")
        }
    }

    /// Writes a string in one atomic step that tells whether the key was new, and leaves keys of other types alone.
    nonisolated func put(
        _ key: Bytes, _ value: Bytes, _ expiry: KeyExpiry, _ limit: OperationLimit
    ) async throws(RedisError) -> PutResult {
        // Repeating it would answer "replaced" for a key that the first attempt created.
        let reply: RESPValue
        if let options = SetOptions(expiry), readyServerSetsWithGet {
            reply = try await send(.write, limit, isRepeatable: false) { options.append(key, value, to: &$0) }.first
        } else {
            reply = try await perform(.write, limit, isRepeatable: false) { pipe in
                guard pipe.server.setsWithGet, let options = SetOptions(expiry) else {
                    return await pipe.put(key, value, expiry, limit).failingOnError
                }
                return await pipe.exchange(limit, isWrite: true) { options.append(key, value, to: &$0) }.failingOnError
            }.first
        }
        switch reply {
        case .null: return PutResult(isNew: true, keptTTL: nil)
        case .bulkString: return PutResult(isNew: false, keptTTL: nil)
        default:
            guard let result = PutResult(scriptReply: reply) else { throw ErrorHandler.unexpectedReply(to: "SET") }
            return result
        }
    }

    /// Whether a connection is ready here, and its server can do that.
    private nonisolated var readyServerSetsWithGet: Bool {
        loop.isCurrent && connections.value.comfortable?.server.setsWithGet ?? false
    }

    /// Writes a string, or deletes one, if a precondition holds.
    nonisolated func write(
        _ key: Bytes, _ value: Bytes?, _ expiry: KeyExpiry, if condition: Precondition, _ limit: OperationLimit
    ) async throws(RedisError) -> ConditionalResult {
        let (milliseconds, mode) = Self.scriptArguments(expiry)
        let lists = [condition.match, condition.noneMatch].map { $0?.scriptArguments ?? (count: -1, digests: []) }
        // Repeating it would find what the first attempt wrote.
        let reply = try await perform(.write, limit, isRepeatable: false) { pipe in
            await pipe.run(.conditional, limit, keyAndArguments: 6 + lists[0].digests.count + lists[1].digests.count) {
                output in
                output.appendRESPBulk(bytes: key)
                output.appendRESPBulk(bytes: value ?? Bytes())
                output.appendRESPBulk(decimal: milliseconds)
                output.appendRESPBulk(value == nil ? "delete" : mode)
                for list in lists { output.appendRESPBulk(decimal: list.count) }
                for list in lists { for digest in list.digests { output.appendRESPBulk(bytes: digest) } }
            }.failingOnError
        }.first
        guard let result = ConditionalResult(reply) else { throw ErrorHandler.unexpectedReply(to: "EVALSHA") }
        return result
    }

    /// What the scripts are told of the expiry.
    static func scriptArguments(_ expiry: KeyExpiry) -> (milliseconds: Int, mode: StaticString) {
        switch expiry {
        case .never: (0, "replace")
        case .after(let ttl): (ttl.redisMilliseconds, "replace")
        case .keep(let ttl): (ttl?.redisMilliseconds ?? 0, "keep")
        }
    }

    /// A command whose one argument is a key and whose reply is a number: DEL, EXISTS, PTTL.
    nonisolated func number(
        _ command: StaticString, _ key: Bytes, _ purpose: Purpose = .read, _ limit: OperationLimit
    ) async throws(RedisError) -> Int64 {
        let reply = try await self.command(purpose, limit, isRepeatable: purpose == .read) { output in
            output.appendRESPCommand(argumentCount: 2)
            output.appendRESPBulk(command)
            output.appendRESPBulk(bytes: key)
        }
        return try Self.integer(reply, command)
    }

    // MARK: Replies

    static func optionalString(_ reply: RESPValue, _ command: StaticString) throws(RedisError) -> Bytes? {
        switch reply {
        case .bulkString(let bytes): return bytes
        case .null: return nil
        default: throw ErrorHandler.unexpectedReply(to: command)
        }
    }

    static func integer(_ reply: RESPValue, _ command: StaticString) throws(RedisError) -> Int64 {
        guard case .integer(let number) = reply else { throw ErrorHandler.unexpectedReply(to: command) }
        return number
    }
}

extension Precondition.Values {
    /// What the script is told of them: how many digests, or -2 for any value, and those.
    fileprivate var scriptArguments: (count: Int, digests: [Bytes]) {
        switch self {
        case .any: (-2, [])
        case .digests(let digests): (digests.count, digests)
        }
    }
}

extension ConditionalResult {
    /// Reads the script's reply; nil when it is something else.
    fileprivate init?(_ reply: RESPValue) {
        guard case .array(let parts) = reply, parts.count == 2, case .integer(let code) = parts[0] else { return nil }
        switch (code, parts[1]) {
        case (1, .integer(let milliseconds)), (2, .integer(let milliseconds)):
            self = .done(PutResult(isNew: code == 1, keptTTL: KeyTTL(milliseconds: milliseconds)))
        case (3, _): self = .missing
        case (0, .bulkString(let digest)): self = .failed(current: digest.isEmpty ? nil : digest)
        default: return nil
        }
    }
}

extension RedisPipe {
    fileprivate func put(
        _ key: Bytes, _ value: Bytes, _ expiry: KeyExpiry, _ limit: OperationLimit
    ) async -> Outcome {
        let (milliseconds, mode) = RedisShard.scriptArguments(expiry)
        return await run(.put, limit, keyAndArguments: 4) { output in
            output.appendRESPBulk(bytes: key)
            output.appendRESPBulk(bytes: value)
            output.appendRESPBulk(decimal: milliseconds)
            output.appendRESPBulk(mode)
        }
    }
}

/// What `SET key value … GET` says of the expiry; what it cannot say, or cannot tell, needs the script.
private struct SetOptions {
    private let milliseconds: Int?

    init?(_ expiry: KeyExpiry) {
        switch expiry {
        case .never: milliseconds = nil
        case .after(let ttl): milliseconds = ttl.redisMilliseconds
        case .keep: return nil
        }
    }

    func append(_ key: Bytes, _ value: Bytes, to output: inout OutputQueue) {
        output.appendRESPCommand(argumentCount: 4 + (milliseconds == nil ? 0 : 2))
        output.appendRESPBulk("SET")
        output.appendRESPBulk(bytes: key)
        output.appendRESPBulk(bytes: value)
        if let milliseconds {
            output.appendRESPBulk("PX")
            output.appendRESPBulk(decimal: milliseconds)
        }
        output.appendRESPBulk("GET")
    }
}

extension RedisServerInfo {
    /// Whether SET can return what was there: its GET came with 6.2; that it leaves other types alone is documented of it.
    fileprivate var setsWithGet: Bool { isAtLeast(6, 2) }
}
