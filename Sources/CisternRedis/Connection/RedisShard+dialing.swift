internal import CisternBytes
internal import CisternRESP
internal import CisternSockets

/// Is told of each step of dialing when it has ended, with its time and what went wrong.
typealias DialObserver = (NetworkReport.Step.Name, Duration, RedisError?) -> Void

extension RedisShard {
    /// Makes one connection, ready for commands: resolves the name, tries every address, secures it and sets it up.
    func dial(
        _ id: Int, until deadline: MonotonicTime, observer: DialObserver = { _, _, _ in }
    ) async -> Result<RedisPipe, RedisError> {
        let start = MonotonicTime.now
        let addresses = await resolve(until: deadline)
        switch addresses {
        case .failure(let error):
            observer(.resolve, MonotonicTime.now.since(start), error)
            return .failure(error)
        case .success(let addresses):
            observer(.resolve, MonotonicTime.now.since(start), nil)
            let connection = await connect(id, toOneOf: addresses, until: deadline, observer)
            guard case .success(let pipe) = connection else { return connection }
            dialedPipe = pipe
            defer { dialedPipe = nil }
            let setUpStart = MonotonicTime.now
            let error = await setUp(pipe, until: deadline)
            observer(.auth, MonotonicTime.now.since(setUpStart), error)
            if let error {
                pipe.end(error)
                return .failure(error)
            }
            return .success(pipe)
        }
    }

    private func resolve(until deadline: MonotonicTime) async -> Result<[SocketAddress], RedisError> {
        let answer = await loop.waitForCallback(until: deadline) { answer in
            Resolver.resolve(host: options.host, port: options.port, answer)
        }
        switch answer {
        case .success(let addresses): return .success(addresses)
        case .failure(let error): return .failure(ErrorHandler.classify(error, phase: .dialing))
        case nil where isClosed: return .failure(ErrorHandler.clientClosed)
        case nil: return .failure(ErrorHandler.dialTimeout(.dialing))
        }
    }

    private func connect(
        _ id: Int, toOneOf addresses: [SocketAddress], until deadline: MonotonicTime, _ observer: DialObserver
    ) async -> Result<RedisPipe, RedisError> {
        let start = MonotonicTime.now
        var connectedAt: MonotonicTime?
        var result: Result<RedisPipe, RedisError> = .failure(
            RedisError(.network, phase: .dialing, retry: .ifRepeatable, "the name has no address"))
        for (index, address) in addresses.enumerated() {
            // Each address has its share of what is left, so that one which swallows packets leaves time for the next.
            let left = deadline.since(.now) / (addresses.count - index)
            (result, connectedAt) = await connect(id, to: address, until: MonotonicTime.now + left)
            if case .success = result { break }
            if isClosed { break }
        }
        let end = MonotonicTime.now
        var failure: RedisError?
        if case .failure(let error) = result { failure = error }
        observer(.connect, (connectedAt ?? end).since(start), connectedAt == nil ? failure : nil)
        if let connectedAt, tls != nil { observer(.tls, end.since(connectedAt), failure) }
        return result
    }

    /// Connects to one address. The time is when the connection stood, before TLS; nil where it never did.
    private func connect(
        _ id: Int, to address: SocketAddress, until deadline: MonotonicTime
    ) async -> (Result<RedisPipe, RedisError>, MonotonicTime?) {
        if isClosed { return (.failure(ErrorHandler.clientClosed), nil) }
        do {
            let pipe = try RedisPipe(id: id, to: address, timeouts: options.timeouts, shard: self)
            dialedPipe = pipe
            defer { dialedPipe = nil }
            if let error = await pipe.open(tls: tls, until: deadline) { return (.failure(error), pipe.connectedAt) }
            return (.success(pipe), pipe.connectedAt)
        } catch {
            return (.failure(ErrorHandler.classify(error, phase: .dialing)), nil)
        }
    }

    // MARK: Setting up

    /// The name under which `CLIENT LIST` shows the connections.
    private static let clientName: StaticString = "cistern"

    /// Sets the connection up in one write: protocol, credentials, name, database. The result is what went wrong.
    private func setUp(_ pipe: RedisPipe, until deadline: MonotonicTime) async -> RedisError? {
        let selects = options.database != 0
        let replies = await pipe.exchange(OperationLimit(deadline), count: selects ? 3 : 2) { output in
            let authenticates = !options.password.isEmpty
            output.appendRESPCommand(argumentCount: authenticates ? 7 : 4)
            output.appendRESPBulk("HELLO")
            output.appendRESPBulk("3")
            if authenticates {
                output.appendRESPBulk("AUTH")
                output.appendRESPBulk(text: options.username.isEmpty ? "default" : options.username)
                output.appendRESPBulk(text: options.password)
            }
            output.appendRESPBulk("SETNAME")
            output.appendRESPBulk(Self.clientName)
            if selects { select(&output) }
            output.appendRESPCommand(argumentCount: 2)
            output.appendRESPBulk("CLIENT")
            output.appendRESPBulk("INFO")
        }
        switch replies {
        case .failure(let error): return inHandshake(error)
        case .success(let answer):
            var replies = answer.all
            // Some users' rights, and servers before 6.2, know no CLIENT INFO.
            let clientInfo = replies.removeLast()
            if case .error(let error) = replies[0] {
                return knowsNoHello(error)
                    ? await setUpWithoutHello(pipe, until: deadline) : inHandshake(ErrorHandler.classify(error))
            }
            pipe.server = RedisServerInfo(hello: replies[0])
            pipe.server.read(clientInfo: clientInfo)
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
        let replies = await pipe.exchange(OperationLimit(deadline), count: count) { output in
            if authenticates {
                output.appendRESPCommand(argumentCount: options.username.isEmpty ? 2 : 3)
                output.appendRESPBulk("AUTH")
                if !options.username.isEmpty { output.appendRESPBulk(text: options.username) }
                output.appendRESPBulk(text: options.password)
            }
            output.appendRESPCommand(argumentCount: 3)
            output.appendRESPBulk("CLIENT")
            output.appendRESPBulk("SETNAME")
            output.appendRESPBulk(Self.clientName)
            if selects { select(&output) }
        }
        switch replies {
        case .failure(let error): return inHandshake(error)
        case .success(let answer):
            var replies = answer.all
            // The name is for people alone; some proxies and some users' rights know no CLIENT.
            replies.remove(at: authenticates ? 1 : 0)
            if authenticates, case .error(let error) = replies[0] { return refusedPassword(error) }
            return firstError(replies)
        }
    }

    /// Servers before Redis 6 refuse a password with ERR, which alone would say nothing of credentials.
    private func refusedPassword(_ error: RESPError) -> RedisError {
        let error = inHandshake(ErrorHandler.classify(error))
        guard error.kind == .command else { return error }
        return RedisError(
            .authentication, phase: .handshake, serverCode: error.serverCode, retry: .never, "the server refused AUTH")
    }

    private func select(_ output: inout OutputQueue) {
        output.appendRESPCommand(argumentCount: 2)
        output.appendRESPBulk("SELECT")
        output.appendRESPBulk(decimal: options.database)
    }

    private func firstError(_ replies: [RESPValue]) -> RedisError? {
        for case .error(let error) in replies { return inHandshake(ErrorHandler.classify(error)) }
        return nil
    }

    /// An error of the set-up is no operation's outcome: nothing of the caller's has been sent. And whatever it is, there is
    /// no connection, which is a failure to every operation that wanted one.
    private func inHandshake(_ error: RedisError) -> RedisError {
        RedisError(
            error.kind, phase: .handshake, serverCode: error.serverCode,
            retry: error.retry == .never && error.kind == .timeout ? .ifRepeatable : error.retry,
            breakerEffect: .failure, error.message)
    }
}
