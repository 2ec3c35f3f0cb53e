package import CisternBytes
internal import CisternRESP

extension RedisClient {
    /// One page of the keys of strings that begin with `prefix` (SCAN, PTTL).
    ///
    /// - Parameters:
    ///   - cursor: 0 to begin, then what the page before gave.
    ///   - count: About how many keys the server looks at (COUNT), at least 1.
    package func list(
        _ prefix: Bytes, cursor: UInt64, count: Int, _ limit: OperationLimit
    ) async throws(RedisError) -> KeyPage {
        try await onLoop { shard throws(RedisError) in
            try await shard.list(prefix, cursor: cursor, count: count, limit)
        }
    }
}

extension RedisShard {
    nonisolated func list(
        _ prefix: Bytes, cursor: UInt64, count: Int, _ limit: OperationLimit
    ) async throws(RedisError) -> KeyPage {
        let pattern = prefix.isEmpty ? nil : GlobPattern.matching(prefix: prefix)
        let replies = try await perform(.read, limit, isRepeatable: true) { pipe in
            await pipe.list(pattern, cursor: cursor, count: max(1, count), limit)
        }.all
        guard let page = ScanPage(replies[0]),
            let listed = KeyPage(page, replies.dropFirst(), hasTypes: replies.count > page.keys.count + 1)
        else { throw ErrorHandler.unexpectedReply(to: "SCAN") }
        return listed
    }
}

extension RedisPipe {
    /// SCAN, and then what is to be known of its keys, in one write.
    fileprivate func list(_ pattern: Bytes?, cursor: UInt64, count: Int, _ limit: OperationLimit) async -> Outcome {
        let knowsTypes = server.isAtLeast(6, 0)
        let scanned = await exchange(limit) { output in
            output.appendScan(cursor, matching: pattern, count: count, stringsOnly: knowsTypes)
        }.failingOnError
        guard case .success(let reply) = scanned, let keys = ScanPage(reply.first)?.keys, !keys.isEmpty else {
            return scanned
        }
        let asked: [StaticString] = knowsTypes ? ["PTTL"] : ["PTTL", "TYPE"]
        let known = await exchange(limit, count: keys.count * asked.count) { output in
            for key in keys {
                for command in asked {
                    output.appendRESPCommand(argumentCount: 2)
                    output.appendRESPBulk(command)
                    output.appendRESPBulk(bytes: key)
                }
            }
        }.failingOnError
        guard case .success(let replies) = known else { return known }
        return .success(.several([reply.first] + replies.all))
    }
}
