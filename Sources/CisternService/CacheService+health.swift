internal import Cistern
internal import CisternBytes
internal import CisternHTTP
internal import CisternJSON
internal import CisternRedis
internal import CisternStore

/// `/health`, `/health/live`, `/health/ready`: answered from what is known, never by calling Redis.
extension CacheService {
    /// How things stand: `warn` is Redis away and this process in its place.
    private enum Verdict: String {
        case pass, warn, fail
    }

    private var verdict: Verdict {
        switch backend {
        case .redis(let client): client.isRedisHealthy ? .pass : config.fallback.isEnabled ? .warn : .fail
        case .local: .pass
        }
    }

    func answerLive(_ head: HTTPRequestHead, _ responder: consuming HTTPResponder) -> HTTPStatus {
        answer(.pass, responder)
    }

    func answerReady(_ head: HTTPRequestHead, _ responder: consuming HTTPResponder) -> HTTPStatus {
        answer(state.isDraining ? .fail : verdict, responder)
    }

    func answerHealth(_ head: HTTPRequestHead, _ responder: consuming HTTPResponder, for caller: Caller) -> HTTPStatus {
        answer(verdict, responder) { json in
            guard caller.meets(.scope(.admin)) else { return }
            json.key("checks")
            json.object { json in
                switch backend {
                case .redis(let client): writeChecks(client.statistics, &json)
                case .local(let store): Self.check("local_cache:entries", "component", .pass, store.cache.count, &json)
                }
            }
        }
    }

    private func writeChecks(_ statistics: HybridStatistics, _ json: inout JSONWriter) {
        let redis = statistics.redis
        let isHealthy: Verdict = redis.health.isHealthy ? .pass : .fail
        Self.check("redis:connections", "datastore", redis.pool.open > 0 ? .pass : .fail, redis.pool.open, &json)
        json.key("redis:responseTime")
        json.array { json in
            json.object { json in
                json.field("componentType", "datastore")
                if let time = redis.health.roundTripP50 {
                    json.field("observedValue", Int(time / .microseconds(1)))
                    json.field("observedUnit", "us")
                }
                json.field("status", isHealthy.rawValue)
            }
        }
        for (name, breaker) in [("breaker:state", redis.breaker), ("write_breaker:state", redis.writeBreaker)] {
            json.key(name)
            json.array { json in
                json.object { json in
                    json.field("componentType", "component")
                    json.field("observedValue", breaker.state.rawValue)
                    json.field("status", breaker.state == .closed ? "pass" : "warn")
                }
            }
        }
        if config.fallback.isEnabled {
            let used = statistics.pending.entries * 100 / max(1, config.fallback.maxPending)
            json.key("fallback:utilization")
            json.array { json in
                json.object { json in
                    json.field("componentType", "component")
                    json.field("observedValue", used)
                    json.field("observedUnit", "percent")
                    json.field("status", used < 90 ? "pass" : "warn")
                }
            }
        }
        if config.redis.tlsEnabled, config.redis.tlsSkipVerify {
            json.key("redis:tls")
            json.array { json in
                json.object { json in
                    json.field("status", "warn")
                    json.field("output", "the server's certificate is not verified (tls_skip_verify)")
                }
            }
        }
    }

    private static func check(
        _ name: String, _ kind: String, _ verdict: Verdict, _ value: Int, _ json: inout JSONWriter
    ) {
        json.key(name)
        json.array { json in
            json.object { json in
                json.field("componentType", kind)
                json.field("observedValue", value)
                json.field("status", verdict.rawValue)
            }
        }
    }

    private func answer(
        _ verdict: Verdict, _ responder: consuming HTTPResponder, _ more: (inout JSONWriter) -> Void = { _ in }
    ) -> HTTPStatus {
        let status: HTTPStatus = verdict == .fail ? .serviceUnavailable : .ok
        var json = JSONWriter(reserving: 256)
        json.object { json in
            json.field("status", verdict.rawValue)
            json.field("version", state.version)
            more(&json)
        }
        var retry = Refusal(status, "")
        retry.retryAfter = backend.retryAfter(writing: false)
        responder.send(status, body: Bytes(adopting: json.bytes)) { head, output in
            head.field("Content-Type", MediaType.health, to: &output)
            head.lines("Cache-Control: no-store\r\n", to: &output)
            if status == .serviceUnavailable { retry.appendFields(head, to: &output) }
        }
        return status
    }
}
