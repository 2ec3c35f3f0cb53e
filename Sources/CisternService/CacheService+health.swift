internal import CisternBytes
internal import CisternHTTP
internal import CisternJSON
internal import CisternRedis
internal import CisternStore

/// `/health`, `/health/live`, `/health/ready`: answered from what is known, never by calling Redis.
extension CacheService {
    /// Whether requests for keys can be served.
    private var canServe: Bool {
        switch backend {
        case .redis(let client): client.isConnected
        case .local: true
        }
    }

    func answerLive(_ head: HTTPRequestHead, _ responder: consuming HTTPResponder) -> HTTPStatus {
        answer("pass", .ok, responder)
    }

    func answerReady(_ head: HTTPRequestHead, _ responder: consuming HTTPResponder) -> HTTPStatus {
        let isReady = canServe && !isDraining
        return answer(isReady ? "pass" : "fail", isReady ? .ok : .serviceUnavailable, responder)
    }

    func answerHealth(_ head: HTTPRequestHead, _ responder: consuming HTTPResponder) -> HTTPStatus {
        let canServe = canServe
        return answer(canServe ? "pass" : "fail", canServe ? .ok : .serviceUnavailable, responder) { json in
            json.key("checks")
            json.object { json in
                switch backend {
                case .redis(let client):
                    let statistics = client.statistics
                    Self.check("redis:connections", "datastore", statistics.pool.open, canServe, &json)
                    if config.redis.tlsEnabled, config.redis.tlsSkipVerify {
                        json.key("redis:tls")
                        json.array { json in
                            json.object { json in
                                json.field("status", "warn")
                                json.field("output", "the server's certificate is not verified (tls_skip_verify)")
                            }
                        }
                    }
                case .local(let store):
                    Self.check("local_cache:entries", "component", store.cache.count, true, &json)
                }
            }
        }
    }

    private static func check(
        _ name: String, _ kind: String, _ value: Int, _ passes: Bool, _ json: inout JSONWriter
    ) {
        json.key(name)
        json.array { json in
            json.object { json in
                json.field("componentType", kind)
                json.field("observedValue", value)
                json.field("status", passes ? "pass" : "fail")
            }
        }
    }

    private func answer(
        _ verdict: String, _ status: HTTPStatus, _ responder: consuming HTTPResponder,
        _ more: (inout JSONWriter) -> Void = { _ in }
    ) -> HTTPStatus {
        var json = JSONWriter(reserving: 256)
        json.object { json in
            json.field("status", verdict)
            json.field("version", version)
            more(&json)
        }
        responder.send(status, body: Bytes(adopting: json.bytes)) { head, output in
            head.field("Content-Type", MediaType.health, to: &output)
            head.lines("Cache-Control: no-store\r\n", to: &output)
            if status == .serviceUnavailable { head.field("Retry-After", decimal: 1, to: &output) }
        }
        return status
    }
}
