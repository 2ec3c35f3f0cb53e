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

extension RedisShard {
    /// Carries out one command of one reply; an error reply is thrown.
    func command(
        _ purpose: Purpose, until deadline: MonotonicTime, isRepeatable: Bool, _ encode: (inout OutputQueue) -> Void
    ) async throws(RedisError) -> RESPValue {
        try await perform(purpose, until: deadline, isRepeatable: isRepeatable) {
            (pipe: RedisPipe) async -> Outcome<RESPValue> in
            let outcome = await self.send(on: pipe, until: deadline, isWrite: purpose == .write, encode)
            if case .success(.error(let error)) = outcome { return .failure(ErrorHandler.classify(error)) }
            return outcome
        }
    }

    /// GET.
    func get(_ key: Bytes, until deadline: MonotonicTime) async throws(RedisError) -> Bytes? {
        let reply = try await command(.read, until: deadline, isRepeatable: true) { output in
            output.appendRESPCommand(argumentCount: 2)
            output.appendRESPBulk("GET")
            output.appendRESPBulk(key)
        }
        return try Self.optionalString(reply, "GET")
    }

    /// GET and PTTL in one write.
    func read(_ key: Bytes, until deadline: MonotonicTime) async throws(RedisError) -> StoredValue? {
        let (value, ttl) = try await perform(.read, until: deadline, isRepeatable: true) {
            (pipe: RedisPipe) async -> Outcome<(RESPValue, RESPValue)> in
            let outcome = await self.sendPair(on: pipe, until: deadline) { output in
                output.appendRESPCommand(argumentCount: 2)
                output.appendRESPBulk("GET")
                output.appendRESPBulk(key)
                output.appendRESPCommand(argumentCount: 2)
                output.appendRESPBulk("PTTL")
                output.appendRESPBulk(key)
            }
            switch outcome {
            case .success((.error(let error), _)), .success((_, .error(let error))):
                return .failure(ErrorHandler.classify(error))
            default: return outcome
            }
        }
        guard let bytes = try Self.optionalString(value, "GET") else { return nil }
        return StoredValue(value: bytes, ttl: KeyTTL(milliseconds: try Self.integer(ttl, "PTTL")))
    }

    /// SET; false when `onlyIfAbsent` and the key is there.
    func set(
        _ key: Bytes, _ value: Bytes, ttl: Duration?, keepTTL: Bool, onlyIfAbsent: Bool, until deadline: MonotonicTime
    ) async throws(RedisError) -> Bool {
        let reply = try await command(.write, until: deadline, isRepeatable: !onlyIfAbsent) { output in
            output.appendRESPCommand(
                argumentCount: 3 + (ttl == nil ? 0 : 2) + (keepTTL ? 1 : 0) + (onlyIfAbsent ? 1 : 0))
            output.appendRESPBulk("SET")
            output.appendRESPBulk(key)
            output.appendRESPBulk(value)
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
    func put(
        _ key: Bytes, _ value: Bytes, _ expiry: KeyExpiry, until deadline: MonotonicTime
    ) async throws(RedisError) -> PutResult {
        // Repeating it would answer "replaced" for a key that the first attempt created.
        let reply = try await perform(.write, until: deadline, isRepeatable: false) {
            (pipe: RedisPipe) async -> Outcome<RESPValue> in
            // SET's GET came with 6.2; that it leaves other types alone is documented of it.
            let outcome: Outcome<RESPValue>
            if pipe.server.isAtLeast(6, 2), let options = SetOptions(expiry) {
                outcome = await self.send(on: pipe, until: deadline, isWrite: true) { output in
                    options.append(key, value, to: &output)
                }
            } else {
                outcome = await self.putByScript(key, value, expiry, on: pipe, until: deadline)
            }
            if case .success(.error(let error)) = outcome { return .failure(ErrorHandler.classify(error)) }
            return outcome
        }
        switch reply {
        case .null: return PutResult(isNew: true, keptTTL: nil)
        case .bulkString: return PutResult(isNew: false, keptTTL: nil)
        default:
            guard let result = PutResult(scriptReply: reply) else { throw ErrorHandler.unexpectedReply(to: "SET") }
            return result
        }
    }

    private func putByScript(
        _ key: Bytes, _ value: Bytes, _ expiry: KeyExpiry, on pipe: RedisPipe,
        until deadline: MonotonicTime
    ) async -> Outcome<RESPValue> {
        let (milliseconds, mode) = Self.arguments(expiry)
        return await run(.put, on: pipe, until: deadline, keyAndArguments: 4) { output in
            output.appendRESPBulk(key)
            output.appendRESPBulk(value)
            output.appendRESPBulk(decimal: milliseconds)
            output.appendRESPBulk(mode)
        }
    }

    /// What the scripts are told of the expiry.
    static func arguments(_ expiry: KeyExpiry) -> (milliseconds: Int, mode: StaticString) {
        switch expiry {
        case .never: (0, "replace")
        case .after(let ttl): (ttl.redisMilliseconds, "replace")
        case .keep(let ttl): (ttl?.redisMilliseconds ?? 0, "keep")
        }
    }

    /// A command whose one argument is a key and whose reply is a number: DEL, EXISTS, PTTL.
    func number(
        _ command: StaticString, _ key: Bytes, _ purpose: Purpose = .read, until deadline: MonotonicTime
    ) async throws(RedisError) -> Int64 {
        let reply = try await self.command(purpose, until: deadline, isRepeatable: purpose == .read) { output in
            output.appendRESPCommand(argumentCount: 2)
            output.appendRESPBulk(command)
            output.appendRESPBulk(key)
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
        output.appendRESPBulk(key)
        output.appendRESPBulk(value)
        if let milliseconds {
            output.appendRESPBulk("PX")
            output.appendRESPBulk(decimal: milliseconds)
        }
        output.appendRESPBulk("GET")
    }
}
