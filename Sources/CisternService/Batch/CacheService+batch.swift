internal import Cistern
internal import CisternBytes
internal import CisternHTTP
internal import CisternRedis
internal import CisternSockets

/// `/batch`: many operations in one request, which go to Redis in one write.
extension CacheService {
    func answerBatch(
        _ head: HTTPRequestHead, _ responder: consuming HTTPResponder, for caller: Caller, _ metrics: ServiceMetrics
    ) async -> HTTPStatus {
        let limit = config.http.maxBatchBytes
        do throws(Refusal) {
            if head.isConditional {
                throw Refusal(
                    .badRequest, "If-Match and If-None-Match: a batch has no conditions; send single requests")
            }
            try checkContent(head, limit: limit, tooLarge: batchTooLarge, isJSON: true)
        } catch {
            return refuse(error, head, responder)
        }
        let content: Bytes
        do throws(HTTPRejection) {
            // Without content the client has gone, and nobody waits for an answer.
            guard let body = try await responder.body(limit: limit) else { return .badRequest }
            content = body
        } catch {
            return refuse(Refusal(error, tooLarge: batchTooLarge), head, responder)
        }
        let operations: [BatchOperation]
        do throws(Refusal) {
            operations = try BatchReader.read(content)
        } catch {
            return refuse(error, head, responder)
        }
        let answer = await carryOut(
            operations, for: caller, mayKeep: head.mayBeKept, Freshness(head),
            until: deadline(from: responder.requestEnd), metrics)
        responder.send(.ok, body: answer) { head, output in
            head.field("Content-Type", MediaType.json, to: &output)
            head.lines("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n", to: &output)
        }
        return .ok
    }

    private var batchTooLarge: Refusal {
        Refusal(.contentTooLarge, "the batch is larger than max_batch_bytes, which is \(config.http.maxBatchBytes)")
    }

    /// Does what may be done. The result is the answer.
    private func carryOut(
        _ operations: [BatchOperation], for caller: Caller, mayKeep: Bool, _ freshness: Freshness,
        until deadline: MonotonicTime, _ metrics: ServiceMetrics
    ) async -> Bytes {
        var answer = BatchAnswer(operations: operations.count, limit: config.http.maxBatchBytes)
        var steps: [BatchStep?] = []
        for (index, operation) in operations.enumerated() {
            do throws(Refusal) {
                let step = try prepare(operation, for: caller)
                if step.isWrite, !answer.keepRoomForWrite(at: index) { throw answer.noRoom }
                steps.append(step)
            } catch {
                answer.add(BatchResult(error), at: index)
                steps.append(nil)
            }
        }
        let order = BatchOrder(steps.map { $0?.key })
        // Each is a task of this loop: all that can be sent is sent in this turn, which ends with one write to Redis.
        await withTaskGroup(of: (Int, Bytes, BatchStep.Outcome).self) { [backend] group in
            func begin(_ index: Int) {
                guard let step = steps[index] else { return }
                group.addTask { (index, step.key, await step.run(on: backend, until: deadline, mayKeep: mayKeep)) }
            }
            for index in order.first { begin(index) }
            for await (index, key, outcome) in group {
                if let next = order.next(after: index) { begin(next) }
                answer.add(result(of: outcome, key, freshness, metrics), at: index)
            }
        }
        return answer.content
    }

    /// The checks of a single request, in their order.
    private func prepare(_ operation: BatchOperation, for caller: Caller) throws(Refusal) -> BatchStep {
        guard caller.meets(.scope(operation.scope)) else { throw .scopeMissing(operation.scope) }
        guard !operation.key.isEmpty else { throw .emptyKey }
        guard operation.key.count <= config.http.maxKeyBytes else { throw .keyTooLong(config.http.maxKeyBytes) }
        let key = storedKey(operation.key)
        switch operation.action {
        case .get(let asBase64): return .get(key, asBase64: asBase64)
        case .put(let value, let ttl, let keepsTTL):
            let expiry = try lifetimes.expiry(ttl: ttl, keepsTTL: keepsTTL)
            guard value.count <= config.http.maxValueBytes else { throw valueTooLarge }
            return .put(key, value, expiry)
        case .delete: return .delete(key)
        }
    }

    private func result(
        of outcome: BatchStep.Outcome, _ key: Bytes, _ freshness: Freshness, _ metrics: ServiceMetrics
    ) -> BatchResult {
        switch outcome {
        case .read(let found, let asBase64): return result(of: found, key, asBase64: asBase64, freshness, metrics)
        case .written(let written, let value):
            metrics.stored.add()
            var result: BatchResult
            switch written {
            case .created: result = BatchResult(.created)
            // Without a condition none fails.
            case .replaced, .failed: result = BatchResult(.noContent)
            case .kept: result = BatchResult(.accepted)
            }
            result.digest = makeDigest(of: value, key).hex
            result.isFallback = result.status == .accepted
            return result
        case .deleted(let deleted):
            var result: BatchResult
            switch deleted {
            case .missing, .failed: return BatchResult(.notFound)
            case .deleted: result = BatchResult(.noContent)
            case .kept: result = BatchResult(.accepted)
            }
            metrics.deleted.add()
            result.isFallback = result.status == .accepted
            return result
        case .failed(let error, let isWrite): return BatchResult(failure(error, toWrite: isWrite))
        }
    }

    private func result(
        of found: Lookup, _ key: Bytes, asBase64: Bool, _ freshness: Freshness, _ metrics: ServiceMetrics
    ) -> BatchResult {
        let isFallback = backend.isFallback(found)
        if isFallback {
            let isFresh = freshness.allows(found.ageSeconds)
            backend.countFallback(isServed: isFresh)
            if !isFresh { return BatchResult(tooOld) }
        }
        var result = BatchResult(found.value == nil ? .notFound : .ok)
        result.isFallback = isFallback
        guard let value = found.value else {
            metrics.misses.add()
            return result
        }
        metrics.hits.add()
        result.value = value
        result.isBase64 = asBase64
        result.digest = (found.digest ?? makeDigest(of: value, key)).hex
        result.ttl = found.ttl.secondsLeft
        if isFallback { result.age = found.ageSeconds }
        return result
    }
}
