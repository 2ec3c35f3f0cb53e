internal import Cistern
internal import CisternBytes
internal import CisternHTTP
internal import CisternRedis
internal import CisternResilience
internal import CisternSockets
internal import CisternStore

/// `/stats` and `/metrics`: what has happened since the start, and how things stand, in numbers.
extension CacheService {
    func answerStats(_ responder: consuming HTTPResponder) -> HTTPStatus {
        var json = JSONStatistics()
        write(to: &json)
        return answer(json.finish(), MediaType.json, responder)
    }

    func answerMetrics(_ responder: consuming HTTPResponder) -> HTTPStatus {
        var text = PrometheusStatistics()
        write(to: &text)
        return answer(text.finish(), "text/plain; version=0.0.4; charset=utf-8", responder)
    }

    /// Answers with a text that is made for this request.
    func answer(_ body: Bytes, _ type: StaticString, _ responder: consuming HTTPResponder) -> HTTPStatus {
        responder.send(.ok, body: body) { head, output in
            head.field("Content-Type", type, to: &output)
            head.lines("Cache-Control: no-store\r\n", to: &output)
        }
        return .ok
    }

    /// Everything that is counted, named and explained.
    func write(to writer: inout some StatisticsWriter) {
        writer.facts(
            [("version", state.version), ("configuration_hash", configurationHash), ("backend", "\(backend.source)")],
            "What runs, with which configuration.")
        writer.gauge(
            "uptime_seconds", Int(MonotonicTime.now.since(state.started).components.seconds),
            "Seconds since the process started.")
        writer.gauge("resident_bytes", ProcessMemory.resident, "Memory of the process that is in use.")
        writeRequests(to: &writer)
        writer.group("cache") { writer in
            writer.counter("hits", sum { $0.hits.value }, "Reads that found a value, in Redis or here.")
            writer.counter("misses", sum { $0.misses.value }, "Reads that found none, in Redis or here.")
            writer.counter("stored", sum { $0.stored.value }, "Writes that were accepted.")
            writer.counter("deleted", sum { $0.deleted.value }, "Deletes that were accepted.")
        }
        writeConnections(to: &writer)
        writer.counter(
            "access_log_dropped", state.output.dropped, "Lines of the access log that nobody took in time.")
        switch backend {
        case .redis(let client): write(client.statistics, to: &writer)
        case .local(let store): write(store.cache.statistics, to: &writer)
        }
    }

    private func sum(_ count: (ServiceMetrics) -> Int) -> Int { metrics.reduce(0) { $0 + count($1) } }

    private func writeRequests(to writer: inout some StatisticsWriter) {
        let rows = ServiceMetrics.rows.map { route in
            StatisticsRow(
                label: ServiceMetrics.label(route),
                counts: (1...5).map { digit in
                    ("\(digit)xx", metrics.reduce(0) { $0 + $1.requests(route, class: digit) })
                })
        }
        writer.counters("requests", labels: ("route", "status"), rows, "Answers by route and class of status.")
        writer.latencies(
            "latency_seconds", label: "route",
            Route.allCases.map { route in
                (ServiceMetrics.label(route), LatencyHistogram.summary(of: metrics.map { $0.latency(route) }))
            }, "From the last byte of a request to its answer, by route.")
    }

    private func writeConnections(to writer: inout some StatisticsWriter) {
        let statistics = state.http.statistics
        writer.group("connections") { writer in
            writer.gauge("open", statistics.open, "Connections of clients that are open.")
            writer.gauge(
                "resting", statistics.resting,
                "Those of them without a request for a while, which cost next to nothing.")
            writer.counter("accepted", statistics.accepted, "Connections that were accepted.")
            writer.counter("refused", statistics.refused, "Connections that were too many.")
            writer.counter(
                "malformed_requests", statistics.rejections, "Requests that were not HTTP, or came too slowly.")
            writer.counter("failed_tls_handshakes", statistics.failedHandshakes, "TLS handshakes that failed.")
            writer.counter("bytes_read", statistics.bytesRead, "Bytes that clients have sent.")
            writer.counter("bytes_written", statistics.bytesWritten, "Bytes that were sent to clients.")
        }
    }

    // MARK: Redis, and what stands in for it

    private func write(_ statistics: HybridStatistics, to writer: inout some StatisticsWriter) {
        write(statistics.redis, to: &writer)
        writer.group("breaker") { write(statistics.redis.breaker, to: &$0) }
        writer.group("write_breaker") { write(statistics.redis.writeBreaker, to: &$0) }
        writer.group("health") { write(statistics.redis.health, to: &$0) }
        writer.gauge(
            "degraded_since", statistics.redis.degradedSince,
            "Since when Redis is not healthy or not asked, in seconds since 1970; nothing while all is well.")
        writer.group("fallback") { writer in
            writer.counter("hits", statistics.fallback.hits, "Reads that were answered here, since Redis did not.")
            writer.counter("misses", statistics.fallback.misses, "Reads that could not be answered at all.")
            writer.counter("writes", statistics.fallback.writes, "Writes and deletes that were kept here.")
        }
        writer.group("pending") { writer in
            writer.gauge("entries", statistics.pending.entries, "Kept writes that Redis has not taken yet.")
            writer.gauge("bytes", statistics.pending.bytes, "Bytes of the kept writes.")
            writer.counter("replayed", statistics.pending.replayed, "Kept writes that Redis has taken since.")
            writer.counter("conflicts", statistics.pending.conflicts, "Kept writes that met another client's value.")
            writer.counter("superseded", statistics.pending.superseded, "Kept writes that a later one replaced.")
        }
        write(statistics.copies, to: &writer)
    }

    private func write(_ statistics: RedisStatistics, to writer: inout some StatisticsWriter) {
        writer.group("redis") { writer in
            writer.group("pool") { writer in
                writer.gauge("size", statistics.pool.size, "The most connections there may be.")
                writer.gauge("open", statistics.pool.open, "Connections to Redis that stand.")
                writer.gauge("idle", statistics.pool.idle, "Connections that owe no reply.")
                writer.gauge("waiting", statistics.pool.waiting, "Operations that wait for a connection.")
                writer.counter("timeouts", statistics.pool.timeouts, "Operations for which none had room in time.")
            }
            writer.latency(
                "round_trip_seconds", statistics.roundTrip, "From the sending of a command to the reading of its reply."
            )
            writer.counter("commands", statistics.commands, "Operations that were begun.")
            writer.counter("retries", statistics.retries, "Further attempts at operations.")
            writer.counter("timeouts", statistics.timeouts, "Operations whose time was up.")
            writer.counter(
                "congested", statistics.congested,
                "Operations that were not sent, since Redis was too far behind to answer them in time.")
            writer.counter(
                "out_of_memory", statistics.outOfMemory, "Writes that Redis refused, since it was out of memory.")
            writer.counter("dials", statistics.dials, "Attempts to connect.")
            writer.counter("dial_failures", statistics.dialFailures, "Attempts to connect that failed.")
            writer.counter(
                "connections_lost", statistics.connectionsLost, "Connections that failed after they had stood.")
            writer.counter("reconnects", statistics.reconnection.reconnections, "Losses that were made good.")
            writer.state(
                "reconnection", statistics.reconnection.state.rawValue,
                of: ReconnectionManager.State.allCases.map(\.rawValue), "What the attempts to connect have come to.")
        }
    }

    private func write(_ statistics: CircuitBreaker.Statistics, to writer: inout some StatisticsWriter) {
        writer.state(
            "state", statistics.state.rawValue, of: CircuitBreaker.State.allCases.map(\.rawValue),
            "What is done with operations.")
        writer.gauge(
            "seconds_in_state", Int(statistics.inStateFor.components.seconds), "For how long that has been so.")
        writer.gauge("consecutive_failures", statistics.consecutiveFailures, "Failures in a row while it is closed.")
        writer.counter("successes", statistics.successes, "Operations and probes that succeeded.")
        writer.counter("failures", statistics.failures, "Operations and probes that failed.")
        writer.counter("refusals", statistics.refusals, "Operations that were not let through.")
        writer.counter("opened", statistics.opened, "Transitions to open.")
        writer.counter("half_opened", statistics.halfOpened, "Transitions to half open.")
        writer.counter("closed", statistics.closed, "Transitions back to closed.")
        writer.counter("probes", statistics.probes, "Probes that were made.")
    }

    private func write(_ statistics: HealthChecker.Statistics, to writer: inout some StatisticsWriter) {
        writer.state(
            "state", statistics.state.rawValue, of: HealthChecker.State.allCases.map(\.rawValue),
            "What is believed of Redis.")
        writer.gauge(
            "seconds_in_state", Int(statistics.inStateFor.components.seconds), "For how long it has been believed.")
        writer.counter("checks", statistics.checks, "Checks that have ended.")
        writer.counter("failures", statistics.failures, "Checks that did not pass.")
        writer.gauge("consecutive_failures", statistics.consecutiveFailures, "Checks in a row that did not pass.")
        writer.time("round_trip_p50_seconds", statistics.roundTripP50, "Median of the last checks.")
        writer.time("round_trip_p99_seconds", statistics.roundTripP99, "What one in a hundred exceeded.")
    }

    private func write(_ statistics: LocalCache.Statistics, to writer: inout some StatisticsWriter) {
        writer.group("local_cache") { writer in
            writer.gauge("entries", statistics.entries, "Values that are held in memory.")
            writer.gauge("bytes", statistics.bytes, "Bytes that they take.")
            writer.counter("hits", statistics.hits, "Look-ups that found a value.")
            writer.counter("misses", statistics.misses, "Look-ups that found none.")
            writer.counter("insertions", statistics.insertions, "Values under new keys.")
            writer.counter("replacements", statistics.replacements, "Values in the place of others.")
            writer.counter("deletions", statistics.deletions, "Values that were deleted.")
            writer.counter("evictions", statistics.evictions, "Values that had to make room.")
            writer.counter("expirations", statistics.expirations, "Values whose time was up.")
            writer.counter("refusals", statistics.refusals, "Values that were too large.")
        }
    }
}
