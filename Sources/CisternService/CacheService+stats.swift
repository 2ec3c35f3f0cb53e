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
            json.field("version", version)
            json.field("uptime_seconds", Int(MonotonicTime.now.since(started).components.seconds))
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
            case .redis(let client):
                json.key("redis")
                json.object { Self.write(client.statistics, &$0) }
            case .local(let store):
                json.key("local_cache")
                json.object { Self.write(store, &$0) }
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
            json.key("\(route.name)")
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
        let statistics = http.statistics
        json.field("open", statistics.open)
        json.field("accepted", statistics.accepted)
        json.field("refused", statistics.refused)
        json.field("malformed_requests", statistics.rejections)
        json.field("bytes_read", statistics.bytesRead)
        json.field("bytes_written", statistics.bytesWritten)
    }

    private static func write(_ statistics: RedisStatistics, _ json: inout JSONWriter) {
        json.key("pool")
        json.object { json in
            json.field("size", statistics.pool.size)
            json.field("open", statistics.pool.open)
            json.field("idle", statistics.pool.idle)
            json.field("waiting", statistics.pool.waiting)
            json.field("timeouts", statistics.pool.timeouts)
        }
        json.field("commands", statistics.commands)
        json.field("retries", statistics.retries)
        json.field("timeouts", statistics.timeouts)
        json.field("dials", statistics.dials)
        json.field("dial_failures", statistics.dialFailures)
        json.field("connections_lost", statistics.connectionsLost)
        json.field("reconnects", statistics.reconnects)
    }

    private static func write(_ store: LocalStore, _ json: inout JSONWriter) {
        let statistics = store.cache.statistics
        json.field("entries", statistics.entries)
        json.field("bytes", statistics.bytes)
        json.field("hits", statistics.hits)
        json.field("misses", statistics.misses)
        json.field("insertions", statistics.insertions)
        json.field("replacements", statistics.replacements)
        json.field("deletions", statistics.deletions)
        json.field("evictions", statistics.evictions)
        json.field("expirations", statistics.expirations)
        json.field("refusals", statistics.refusals)
    }
}
