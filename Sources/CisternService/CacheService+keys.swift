internal import Cistern
internal import CisternBytes
internal import CisternHTTP
internal import CisternRedis
internal import CisternSockets

/// `/keys/{key}`.
extension CacheService {
    /// What every answer with a value says of it: nobody may take it for a page of this origin.
    private static let valueFields: StaticString = """
        Cache-Control: no-cache\r
        X-Content-Type-Options: nosniff\r
        Content-Security-Policy: sandbox\r
        Cross-Origin-Resource-Policy: same-origin\r
        Accept-Ranges: none\r

        """

    // In one frame with its caller: each frame of a task is allocated for each request.
    @inline(__always)
    func handleKey(
        _ head: HTTPRequestHead, _ responder: consuming HTTPResponder, _ metrics: ServiceMetrics
    ) async -> HTTPStatus {
        let query: KeyQuery
        let key: Bytes
        let condition: Precondition?
        do throws(Refusal) {
            query = try KeyQuery(head, writes: head.method == .put)
            key = try readKey(head, query)
            condition = try head.precondition()
            if head.method != .put {
                try checkExpectation(head)
                if head.framing != .none { try await passOverContent(of: head, responder) }
            }
        } catch {
            return refuse(error, head, responder)
        }
        switch head.method {
        case .put: return await put(key, query, condition, head, responder, metrics)
        case .delete: return await delete(key, condition, head, responder, metrics)
        default: return await get(key, condition, head, responder, metrics)
        }
    }

    func readKey(_ head: HTTPRequestHead, _ query: KeyQuery) throws(Refusal) -> Bytes {
        let raw = head.path.extracting(Route.keyPrefix.utf8CodeUnitCount...)
        do throws(HTTPKey.Fault) {
            return try HTTPKey.decode(raw, base64URL: query.isBase64URL, limit: config.http.maxKeyBytes)
        } catch {
            switch error {
            case .malformedPercent:
                throw Refusal(.badRequest, "a % in the key is not followed by two hexadecimal digits")
            case .malformedBase64URL: throw Refusal(.badRequest, "the key is not base64url without padding")
            case .empty: throw .emptyKey
            case .dotSegment:
                throw Refusal(.badRequest, "a segment of the key is . or ..; use key_encoding=base64url for such a key")
            case .tooLong: throw .keyTooLong(config.http.maxKeyBytes)
            }
        }
    }

    // MARK: GET, HEAD

    // In one frame with its caller: each frame of a task is allocated for each request.
    @inline(__always)
    private func get(
        _ key: Bytes, _ condition: Precondition?, _ head: HTTPRequestHead, _ responder: consuming HTTPResponder,
        _ metrics: ServiceMetrics
    ) async -> HTTPStatus {
        let stored = storedKey(key)
        let found: Lookup
        do throws(RedisError) {
            found = try await backend.read(stored, until: deadline(from: responder.requestEnd))
        } catch {
            return refuse(failure(error, toWrite: false), head, responder)
        }
        let isFallback = backend.isFallback(found)
        if isFallback {
            let isFresh = Freshness(head).allows(found.ageSeconds)
            backend.countFallback(isServed: isFresh)
            if !isFresh { return refuse(tooOld, head, responder) }
        }
        guard let value = found.value else {
            metrics.misses.add()
            Problem.send(.noSuchKey, id: RequestID(head), on: responder) { head, output in
                head.field("Cache-Source", found.source.field, to: &output)
            }
            return .notFound
        }
        metrics.hits.add()
        var status = HTTPStatus.ok
        let digest = found.digest ?? makeDigest(of: value, stored)
        if let condition {
            let digest = digest.hex
            switch condition.verdict(on: digest) {
            case .holds: break
            case .matchFailed:
                return refuseCondition(holding: digest, head, responder, age: isFallback ? found.ageSeconds : nil)
            case .noneMatchFailed: status = .notModified
            }
        }
        responder.send(status, body: status == .ok ? value : Bytes()) { head, output in
            // RFC 9110 §15.4.5: what describes content that is not sent is left out.
            if status == .ok { head.field("Content-Type", MediaType.of(key), to: &output) }
            Self.appendETag(digest, to: &output)
            if let seconds = found.ttl.secondsLeft { head.field("Cache-TTL", decimal: seconds, to: &output) }
            head.field("Cache-Source", found.source.field, to: &output)
            if isFallback { appendAge(found.ageSeconds, to: &output) }
            head.lines(Self.valueFields, to: &output)
        }
        return status
    }

    /// Makes the digest of a value under a key, as Redis knows it: once for a value that stays in this process.
    func makeDigest(of value: Bytes, _ key: Bytes) -> Digest160 {
        let digest = SHA1.digest(of: value)
        backend.note(digest, of: value, key: key)
        return digest
    }

    /// Answers that a precondition does not hold, with the entity tag of what the key holds, so that a client can tell what
    /// it missed.
    ///
    /// - Parameter age: How many seconds old that is, where Redis did not give it.
    private func refuseCondition(
        holding digest: Bytes?, _ head: HTTPRequestHead, _ responder: consuming HTTPResponder, age: Int? = nil
    ) -> HTTPStatus {
        Problem.send(
            .preconditionFailed,
            "what the key holds is not what If-Match or If-None-Match asks for; ETag names it",
            id: RequestID(head), on: responder
        ) { head, output in
            if let age {
                head.field("Cache-Source", CacheSource.local.field, to: &output)
                appendAge(age, to: &output)
            }
            guard let digest else { return }
            output.append("ETag: \"")
            output.append(value: digest)
            output.append("\"\r\n")
        }
        return .preconditionFailed
    }

    /// How old a value is that Redis did not give (RFC 9111 §5.1), and why it was given all the same (RFC 9211).
    private func appendAge(_ age: Int, to output: inout OutputQueue) {
        output.append("Age: ", decimal: age, "\r\n")
        output.append("Cache-Status: cistern; hit; ttl=", decimal: copySeconds - age, "; detail=redis-unavailable\r\n")
    }

    var tooOld: Refusal {
        var refusal = Refusal(
            .serviceUnavailable,
            "the cache server cannot be reached, and the copy here is older than Cache-Control allows")
        refusal.retryAfter = backend.retryAfter(writing: false)
        return refusal
    }

    /// The answer to a failure of Redis.
    func failure(_ error: RedisError, toWrite isWrite: Bool, isConditional: Bool = false) -> Refusal {
        var refusal = RedisFailure.answer(error, toWrite: isWrite, isConditional: isConditional)
        refusal.retryAfter = backend.retryAfter(writing: isWrite)
        return refusal
    }

    /// A strong entity tag (RFC 9110 §8.8.3): the value's SHA-1.
    private static func appendETag(_ digest: Digest160, to output: inout OutputQueue) {
        output.append("ETag: \"", hex: digest, "\"\r\n")
    }

    // MARK: PUT

    private func put(
        _ key: Bytes, _ query: KeyQuery, _ condition: Precondition?, _ head: HTTPRequestHead,
        _ responder: consuming HTTPResponder, _ metrics: ServiceMetrics
    ) async -> HTTPStatus {
        let expiry: KeyExpiry
        do throws(Refusal) {
            expiry = try lifetimes.expiry(ttl: query.ttl, keepsTTL: query.keepsTTL)
            try checkContent(head, limit: config.http.maxValueBytes, tooLarge: valueTooLarge)
        } catch {
            return refuse(error, head, responder)
        }
        let value: Bytes
        do throws(HTTPRejection) {
            // Without a value the client has gone, and nobody waits for an answer.
            guard let body = try await responder.body(limit: config.http.maxValueBytes) else { return .badRequest }
            value = body
        } catch {
            return refuse(Refusal(error, tooLarge: valueTooLarge), head, responder)
        }
        let written: Backend.Written
        let deadline = deadline(from: responder.requestEnd)
        let stored = storedKey(key)
        do throws(RedisError) {
            written =
                if let condition {
                    try await backend.put(stored, value, expiry: expiry, if: condition, until: deadline)
                } else {
                    try await backend.put(stored, value, expiry: expiry, until: deadline, mayKeep: head.mayBeKept)
                }
        } catch {
            return refuse(failure(error, toWrite: true, isConditional: condition != nil), head, responder)
        }
        let status: HTTPStatus
        switch written {
        case .created: status = .created
        case .replaced: status = .noContent
        case .kept: status = .accepted
        case .failed(let current): return refuseCondition(holding: current, head, responder)
        }
        metrics.stored.add()
        let digest = makeDigest(of: value, stored)
        responder.send(status) { response, output in
            if status == .created { Self.appendLocation(of: query, head, to: &output) }
            Self.appendETag(digest, to: &output)
            appendDestination(isKept: status == .accepted, response, to: &output)
        }
        return status
    }

    /// Where a write has gone, and that it is not durable where it is kept here.
    private func appendDestination(
        isKept: Bool, _ head: borrowing HTTPResponseHead, to output: inout OutputQueue
    ) {
        if isKept {
            head.lines("Cache-Source: local\r\nCache-Durability: memory\r\n", to: &output)
        } else {
            head.field("Cache-Source", backend.source, to: &output)
        }
    }

    /// Where the value is to be had: what else the request's query says is for PUT alone.
    private static func appendLocation(of query: KeyQuery, _ head: HTTPRequestHead, to output: inout OutputQueue) {
        output.append("Location: ")
        output.append(value: PercentCoding.encode(head.path, keeping: .encodedPath))
        if query.isBase64URL { output.append("?key_encoding=base64url") }
        output.append("\r\n")
    }

    // MARK: DELETE

    private func delete(
        _ key: Bytes, _ condition: Precondition?, _ head: HTTPRequestHead, _ responder: consuming HTTPResponder,
        _ metrics: ServiceMetrics
    ) async -> HTTPStatus {
        let deleted: Backend.Deleted
        let deadline = deadline(from: responder.requestEnd)
        do throws(RedisError) {
            deleted =
                if let condition {
                    try await backend.delete(storedKey(key), if: condition, until: deadline)
                } else {
                    try await backend.delete(storedKey(key), until: deadline, mayKeep: head.mayBeKept)
                }
        } catch {
            return refuse(failure(error, toWrite: true, isConditional: condition != nil), head, responder)
        }
        var isKept = false
        switch deleted {
        case .deleted: break
        case .kept: isKept = true
        case .missing:
            Problem.send(.noSuchKey, id: RequestID(head), on: responder)
            return .notFound
        case .failed(let current): return refuseCondition(holding: current, head, responder)
        }
        metrics.deleted.add()
        responder.send(isKept ? .accepted : .noContent) { appendDestination(isKept: isKept, $0, to: &$1) }
        return isKept ? .accepted : .noContent
    }
}

extension CacheSource {
    /// The value of `Cache-Source`.
    fileprivate var field: StaticString {
        switch self {
        case .redis: "redis"
        case .local: "local"
        }
    }
}

extension KeyTTL {
    /// Whole seconds that the key lives on, rounded up: 0 where it expired meanwhile, nil where it does not expire.
    var secondsLeft: Int? {
        switch self {
        case .persistent: nil
        case .missing: 0
        case .remaining(let left): left.secondsRoundedUp
        }
    }
}

extension Duration {
    /// Whole seconds, rounded up.
    var secondsRoundedUp: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) + (attoseconds > 0 ? 1 : 0)
    }
}
