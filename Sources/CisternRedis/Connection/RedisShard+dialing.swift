internal import CisternBytes
internal import CisternRESP
internal import CisternSockets

extension RedisShard {
    /// Makes one connection, ready for commands: resolves the name, tries every address, secures it and sets it up.
    func dial(_ id: Int, until deadline: MonotonicTime) async -> Outcome<RedisPipe> {
        switch await passGate(until: deadline) {
        case .failure(let error): return .failure(error)
        case .success: break
        }
        let result = await connectAndSetUp(id, until: deadline)
        if case .failure(let error) = result {
            gate.leave(.now, error: error)
        } else {
            gate.leave(.now, error: nil)
        }
        return result
    }

    private func passGate(until deadline: MonotonicTime) async -> Outcome<Void> {
        while true {
            switch gate.enter(.now) {
            case .enter: return .success(())
            case .refused(let error): return .failure(error)
            case .wait:
                let next = loop.now + .milliseconds(5)
                guard next < deadline else {
                    return .failure(
                        RedisError(.timeout, phase: .dialing, retry: .ifRepeatable, "no connection within the dial timeout"))
                }
                await loop.sleep(until: next)
            }
        }
    }

    private func connectAndSetUp(_ id: Int, until deadline: MonotonicTime) async -> Outcome<RedisPipe> {
        let addresses: [SocketAddress]
        let answer = await loop.waitForCallback(until: deadline) { answer in
            Resolver.resolve(host: options.host, port: options.port, answer)
        }
        switch answer {
        case .success(let found): addresses = found
        case .failure(let error): return .failure(ErrorHandler.classify(error, phase: .dialing))
        case nil:
            return .failure(
                RedisError(.timeout, phase: .dialing, retry: .ifRepeatable, "the name did not resolve within the dial timeout"))
        }
        var lastError = RedisError(.network, phase: .dialing, retry: .ifRepeatable, "the name has no address")
        for (index, address) in addresses.enumerated() {
            // Each address has its share of what is left, so that one which swallows packets leaves time for the next.
            let left = deadline.since(.now) / (addresses.count - index)
            switch await connect(id, to: address, until: MonotonicTime.now + left) {
            case .success(let pipe):
                if let error = await setUp(pipe, until: deadline) {
                    pipe.end(error)
                    return .failure(error)
                }
                return .success(pipe)
            case .failure(let error): lastError = error
            }
        }
        return .failure(lastError)
    }

    private func connect(_ id: Int, to address: SocketAddress, until deadline: MonotonicTime) async -> Outcome<RedisPipe> {
        do {
            let pipe = try RedisPipe(id: id, to: address, timeouts: options.timeouts, shard: self)
            if let error = await pipe.open(tls: tls, until: deadline) { return .failure(error) }
            return .success(pipe)
        } catch {
            return .failure(ErrorHandler.classify(error, phase: .dialing))
        }
    }

    // MARK: Setting up

    /// The name under which `CLIENT LIST` shows the connections.
    private static let clientName: StaticString = "cistern"

    /// Sets the connection up in one write: protocol, credentials, name, database. The result is what went wrong.
    private func setUp(_ pipe: RedisPipe, until deadline: MonotonicTime) async -> RedisError? {
        let selects = options.database != 0
        let replies = await self.sendSeveral(selects ? 2 : 1, on: pipe, until: deadline) { output in
            let authenticates = !options.password.isEmpty
            output.appendRESPCommand(argumentCount: authenticates ? 7 : 4)
            output.appendRESPBulk("HELLO")
            output.appendRESPBulk("3")
            if authenticates {
                output.appendRESPBulk("AUTH")
                output.appendRESPBulk(options.username.isEmpty ? "default" : options.username)
                output.appendRESPBulk(options.password)
            }
            output.appendRESPBulk("SETNAME")
            output.appendRESPBulk(Self.clientName)
            if selects { select(&output) }
        }
        switch replies {
        case .failure(let error): return inHandshake(error)
        case .success(let replies):
            if case .error(let error) = replies[0] {
                return knowsNoHello(error)
                    ? await setUpWithoutHello(pipe, until: deadline) : ErrorHandler.classify(error, phase: .handshake)
            }
            pipe.server = RedisServerInfo(hello: replies[0])
            return firstError(replies)
        }
    }

    /// Servers before Redis 6 have no HELLO and speak RESP2; some proxies know HELLO and refuse version 3.
    private func knowsNoHello(_ error: RESPError) -> Bool {
        if error.hasCode("NOPROTO") { return true }
        let text = error.message.string?.lowercased() ?? ""
        return error.hasCode("ERR") && text.hasPrefix("err unknown command")
    }

    private func setUpWithoutHello(_ pipe: RedisPipe, until deadline: MonotonicTime) async -> RedisError? {
        let authenticates = !options.password.isEmpty
        let selects = options.database != 0
        let count = 1 + (authenticates ? 1 : 0) + (selects ? 1 : 0)
        let replies = await self.sendSeveral(count, on: pipe, until: deadline) { output in
            if authenticates {
                output.appendRESPCommand(argumentCount: options.username.isEmpty ? 2 : 3)
                output.appendRESPBulk("AUTH")
                if !options.username.isEmpty { output.appendRESPBulk(options.username) }
                output.appendRESPBulk(options.password)
            }
            output.appendRESPCommand(argumentCount: 3)
            output.appendRESPBulk("CLIENT")
            output.appendRESPBulk("SETNAME")
            output.appendRESPBulk(Self.clientName)
            if selects { select(&output) }
        }
        switch replies {
        case .failure(let error): return inHandshake(error)
        case .success(let replies): return firstError(replies)
        }
    }

    private func select(_ output: inout OutputQueue) {
        output.appendRESPCommand(argumentCount: 2)
        output.appendRESPBulk("SELECT")
        output.appendRESPBulk(decimal: options.database)
    }

    private func firstError(_ replies: [RESPValue]) -> RedisError? {
        for case .error(let error) in replies { return ErrorHandler.classify(error, phase: .handshake) }
        return nil
    }

    /// An error of the set-up is no operation's outcome: nothing of the caller's has been sent.
    private func inHandshake(_ error: RedisError) -> RedisError {
        RedisError(
            error.kind, phase: .handshake, serverCode: error.serverCode,
            retry: error.retry == .never && error.kind == .timeout ? .ifRepeatable : error.retry,
            breakerEffect: error.breakerEffect, error.message)
    }
}
