internal import CisternBytes
internal import CisternHTTP
internal import CisternJSON
internal import CisternRedis

/// `/keys`: which keys there are, page by page.
extension CacheService {
    func answerListing(_ head: HTTPRequestHead, _ responder: consuming HTTPResponder) async -> HTTPStatus {
        let content: Bytes
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
            let page = try await list(prefix, from: position, query.limit, until: deadline(from: responder.requestEnd))
            content = text(of: page, cursor)
        } catch {
            return refuse(error, head, responder)
        }
        responder.send(.ok, body: content) { head, output in
            head.field("Content-Type", MediaType.json, to: &output)
            head.lines("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n", to: &output)
        }
        return .ok
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

    private func text(of page: KeyPage, _ cursor: ListingCursor) -> Bytes {
        let prefix = storedKey(Bytes()).count
        var json = JSONWriter(reserving: 64 + page.keys.count * 64)
        json.object { json in
            json.key("keys")
            json.array { json in
                // What is nothing but `key_prefix` is no key here.
                for entry in page.keys where entry.key.count > prefix {
                    json.object { json in
                        let key = Bytes(entry.key.dropFirst(prefix))
                        if let text = key.string {
                            json.field("key", text)
                        } else {
                            json.field("key_base64", Base64.standard.encode(key.span))
                        }
                        if let seconds = entry.ttl.secondsLeft { json.field("ttl", seconds) }
                    }
                }
            }
            if page.next != 0 { json.field("cursor", cursor.text(of: page.next)) }
            json.field("complete", page.next == 0)
        }
        return Bytes(adopting: json.bytes)
    }
}

extension Refusal {
    fileprivate static let foreignCursor = query(
        "the cursor is not one of this listing; go on with the prefix that it was given for, or leave it out to begin again"
    )
}
