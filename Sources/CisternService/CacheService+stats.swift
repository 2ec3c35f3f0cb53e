internal import Cistern
internal import CisternBytes
internal import CisternHTTP
internal import CisternJSON
internal import CisternRedis
internal import CisternSockets
internal import CisternStore

/// `/stats`: what has happened since the start, in numbers.
extension CacheService {
    func answerStats(_ head: HTTPRequestHead, _ responder: consuming HTTPResponder) -> HTTPStatus {
        var json = JSONWriter(reserving: 2048)
        json.object { json in
            json.field("version", state.version)
            json.field("uptime_seconds", Int(MonotonicTime.now.since(state.started).components.seconds))
            json.field("configuration_hash", configurationHash)
            json.field("backend", "\(backend.source)")
            json.key("requests")
            json.object { writeRequests(&$0) }
            json.key("cache")
            json.object { json in
                json.field("hits", sum(\.hits))
                json.field("misses", sum(\.misses))
                json.field("stored", sum(\.stored))
                json.field("deleted", sum(\.deleted))
            }
            json.key("connections")
            json.object { writeConnections(&$0) }
            switch backend {
            case .redis(let client): Self.write(client.statistics, &json)
            case .local(let store):
                json.key("local_cache")
                json.object { Self.write(store.cache.statistics, &$0) }
            }
            json.field("resident_bytes", ProcessMemory.resident)
        }
        responder.send(.ok, body: Bytes(adopting: json.bytes)) { head, output in
            head.field("Content-Type", MediaType.json, to: &output)
            head.lines("Cache-Control: no-store\r\n", to: &output)
        }
        return .ok
    }

    private func sum(_ counter: KeyPath<ServiceMetrics, LoopCounter>) -> Int {
        metrics.reduce(0) { $0 + $1[keyPath: counter].value }
    }

    /// Requests by route and status class; only those that occurred.
    private func writeRequests(_ json: inout JSONWriter) {
        var total = sum(\.unrouted)
        for route in Route.allCases {
            json.key("\(route.definition.path)")
            json.object { json in
                for digit in 1...5 {
                    let count = metrics.reduce(0) { $0 + $1.requests(route, class: digit) }
                    total += count
                    if count > 0 { json.field("\(digit)xx", count) }
                }
            }
        }
        json.field("unrouted", sum(\.unrouted))
        json.field("total", total)
    }

    private func writeConnections(_ json: inout JSONWriter) {
        let statistics = state.http.statistics
        json.field("open", statistics.open)
        json.field("accepted", statistics.accepted)
        json.field("refused", statistics.refused)
        json.field("malformed_requests", statistics.rejections)
        json.field("failed_tls_handshakes", statistics.failedHandshakes)
        json.field("bytes_read", statistics.bytesRead)
        json.field("bytes_written", statistics.bytesWritten)
    }
}
