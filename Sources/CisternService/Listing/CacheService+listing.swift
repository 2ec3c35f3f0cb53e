internal import CisternBytes
internal import CisternHTTP
internal import CisternJSON
internal import CisternRedis

/// `/keys`: which keys there are, page by page.
extension CacheService {
    func answerListing(_ head: HTTPRequestHead, _ responder: consuming HTTPResponder) async -> HTTPStatus {
        var text: ListingText
        do throws(Refusal) {
            let query = try ListingQuery(head)
            let prefix = storedKey(query.prefix)
            let cursor = ListingCursor(of: listedStore, prefix: prefix)
            var position: UInt64 = 0
            if let text = query.cursor {
                guard let known = cursor.position(in: text) else { throw .foreignCursor }
                position = known
            }
            try checkExpectation(head)
            if head.framing != .none { try await passOverContent(of: head, responder) }
            let page = try await list(prefix, from: position, query.limit, until: deadline(from: responder.requestEnd))
            text = ListingText(page, prefix: storedKey(Bytes()).count, cursor)
        } catch {
            return refuse(error, head, responder)
        }
        let first = text.next()
        guard let second = text.next() else {
            responder.send(.ok, body: first ?? Bytes(), Self.appendFields)
            return .ok
        }
        await responder.stream(.ok, Self.appendFields) { writer in
            guard let first, await writer.write(first) else { return }
            var piece: Bytes? = second
            while let some = piece, await writer.write(some) { piece = text.next() }
        }
        return .ok
    }

    private static func appendFields(_ head: borrowing HTTPResponseHead, _ output: inout OutputQueue) {
        head.field("Content-Type", MediaType.json, to: &output)
        head.lines("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n", to: &output)
    }

    private func list(
        _ prefix: Bytes, from position: UInt64, _ count: Int, until deadline: MonotonicTime
    ) async throws(Refusal) -> KeyPage {
        do throws(RedisError) {
            return try await backend.list(prefix, cursor: position, count: count, until: deadline)
        } catch {
            throw failure(error, toWrite: false)
        }
    }

    /// A position means something in the store alone that gave it.
    private var listedStore: String {
        switch backend {
        case .redis: "redis \(config.redis.host) \(config.redis.port) \(config.redis.db)"
        case .local(let store): "local \(store.name)"
        }
    }
}

extension Refusal {
    fileprivate static let foreignCursor = query(
        "the cursor is not one of this listing; go on with the prefix that it was given for, or leave it out to begin again"
    )
}
