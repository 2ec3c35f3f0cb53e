import Cistern
import CisternBytes
import CisternHTTP
import CisternSockets
import Logging
import TestSupport
import Testing

@testable import CisternService

@Suite("Statistics") struct StatisticsTests {
    /// A service that has counted something, without a server and without Redis.
    private func service(_ environment: [String: String], _ body: (CacheService) async throws -> Void) async throws {
        let loaded = try ServiceConfig.load(environment: environment)
        let group = try EventLoopGroup(count: 2)
        let client = try HybridRedisClient(
            loaded.config.redis, fallback: loaded.config.fallback, breaker: loaded.config.circuitBreaker,
            cache: LocalCopiesConfig(maxEntries: 100, maxBytes: 1 << 20, ttl: .seconds(60), largestValue: 1 << 10),
            group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let backend: CisternService.Backend =
            loaded.backend == .redis ? .redis(client) : .local(LocalStore(loaded.config))
        let state = ServiceState(backend: backend, http: HTTPServerCounters(loops: 2), version: "1.2.3")
        for (loop, metrics) in state.metrics.enumerated() {
            for _ in 0...loop { metrics.count(.key, .ok) }
            metrics.count(nil, .notFound)
            metrics.note(.key, since: .now + .milliseconds(-7))
            metrics.hits.add(3)
        }
        try await body(CacheService(loaded, state))
        await client.close()
        await group.stop()
    }

    /// Every number of `/stats` is in `/metrics` under a name made of its path, and the other way round.
    @Test(arguments: ["redis", "local"]) func bothFormatsHaveTheSameNumbers(backend: String) async throws {
        try await service(["CISTERN_BACKEND": backend, "REDIS_ADDR": "localhost:1"]) { service in
            var json = JSONStatistics()
            service.write(to: &json)
            var text = PrometheusStatistics()
            service.write(to: &text)
            let numbers = try JSONText(json.finish().text).numbers
            var samples = try PrometheusText(text.finish().text).samples
            for (path, value) in numbers where path != "/requests/total" {
                let names = Self.names(path)
                let name = try #require(names.first { samples[$0] != nil }, "\(path) is not among the metrics")
                let sample = samples.removeValue(forKey: name)
                // Between the two, memory may have been taken.
                #expect(sample == value || path == "/resident_bytes", "\(path)")
            }
            // What has not occurred, and what `/stats` says in words.
            let rest = samples.filter { $0.value != 0 }.keys.sorted()
            let facts = rest.filter { $0.hasPrefix("cistern_info{version=\"1.2.3\",configuration_hash=\"") }
            #expect(facts.count == 1)
            #expect(
                rest.filter { !facts.contains($0) }
                    == (backend == "local"
                        ? []
                        : [
                            "cistern_breaker_state{state=\"closed\"}", "cistern_health_state{state=\"unknown\"}",
                            "cistern_redis_reconnection{reconnection=\"connecting\"}",
                            "cistern_write_breaker_state{state=\"closed\"}",
                        ]))
            #expect(numbers["/requests/~key/2xx"] == nil && numbers["/requests//keys/{key}/2xx"] == 3)
            #expect(numbers["/requests/unrouted/4xx"] == 2 && numbers["/requests/total"] == 5)
            #expect(numbers["/latency_seconds//keys/{key}/count"] == 2)
            #expect((0.014...1).contains(numbers["/latency_seconds//keys/{key}/sum"] ?? 0))
            #expect((0.007...1).contains(numbers["/latency_seconds//keys/{key}/p50"] ?? 0))
            #expect(numbers["/cache/hits"] == 6)
            #expect((numbers["/degraded_since"] != nil) == (backend == "redis"))
        }
    }

    /// What a number of `/stats` may be called in `/metrics`.
    private static func names(_ path: String) -> [String] {
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let last = parts.last ?? ""
        switch parts.first {
        case "requests":
            let route = parts[1..<(parts.count - 1)].joined(separator: "/")
            return ["cistern_requests_total{route=\"\(route)\",status=\"\(last)\"}"]
        case "latency_seconds":
            let route = "route=\"\(parts[1..<(parts.count - 1)].joined(separator: "/"))\""
            return [quantile("cistern_latency_seconds", [route], last)]
        case _ where parts.contains("round_trip_seconds"):
            return [quantile("cistern_redis_round_trip_seconds", [], last)]
        default:
            let name = "cistern_" + parts.joined(separator: "_")
            return [name, name + "_total"]
        }
    }

    private static func quantile(_ name: String, _ labels: [String], _ last: String) -> String {
        let quantiles = ["p50": "0.5", "p90": "0.9", "p99": "0.99", "p99.9": "0.999"]
        let all = (labels + (quantiles[last].map { ["quantile=\"\($0)\""] } ?? [])).joined(separator: ",")
        let suffix = quantiles[last] == nil ? "_" + last : ""
        return all.isEmpty ? name + suffix : "\(name)\(suffix){\(all)}"
    }

    @Test func timesAreSecondsInJSONAsWell() {
        var json = JSONStatistics()
        json.time("trip_seconds", .microseconds(1500), "Time.")
        json.time("no_seconds", nil, "Not there.")
        #expect(json.finish().text == #"{"trip_seconds":0.0015,"no_seconds":null}"#)
    }

    @Test func theFormatOfPrometheusIsWrittenAsItIsDescribed() {
        var text = PrometheusStatistics()
        text.facts([("version", "a\"b\\c\nd"), ("other", "")], "Facts.")
        text.group("group") { text in
            text.counter("things", 3, "Things.")
            text.gauge("level", -1, "Level.")
            text.gauge("nothing", nil, "Not there.")
            text.time("trip_seconds", .microseconds(1500), "Time.")
            text.time("no_seconds", nil, "Not there.")
            text.state("state", "open", of: ["open", "closed"], "State.")
        }
        text.counters(
            "rows", labels: ("a", "b"), [StatisticsRow(label: "x", counts: [("y", 0), ("z", 7)])], "Rows.")
        #expect(
            text.finish().text == #"""
                # HELP cistern_info Facts.
                # TYPE cistern_info gauge
                cistern_info{version="a\"b\\c\nd",other=""} 1
                # HELP cistern_group_things_total Things.
                # TYPE cistern_group_things_total counter
                cistern_group_things_total 3
                # HELP cistern_group_level Level.
                # TYPE cistern_group_level gauge
                cistern_group_level -1
                # HELP cistern_group_trip_seconds Time.
                # TYPE cistern_group_trip_seconds gauge
                cistern_group_trip_seconds 0.0015
                # HELP cistern_group_state State.
                # TYPE cistern_group_state gauge
                cistern_group_state{state="open"} 1
                cistern_group_state{state="closed"} 0
                # HELP cistern_rows_total Rows.
                # TYPE cistern_rows_total counter
                cistern_rows_total{a="x",b="y"} 0
                cistern_rows_total{a="x",b="z"} 7

                """#)
    }
}
