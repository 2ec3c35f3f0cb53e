import CisternBytes
import Glibc
import TestSupport

/// A Redis, a service on it, and clients that ask it without pause while a test does something to Redis.
final class Drill {
    /// What a machine that does something else as well may add to an answer's time: the clients share their cores with
    /// the service, with Redis, and perhaps with a build. The promise itself is `request_timeout` and 50 ms.
    static let loadedMachineAllowance = Duration.milliseconds(250 * slowness)
    static let requestTimeout = Duration.milliseconds(500)

    /// Quick to notice and quick to come back, so that a drill takes seconds.
    static let environment = [
        "REDIS_MIN_RETRY_BACKOFF": "20ms", "REDIS_MAX_RETRY_BACKOFF": "100ms", "REDIS_READ_TIMEOUT": "300ms",
        "CISTERN_CIRCUIT_BREAKER_RESET_TIMEOUT": "500ms", "CISTERN_CIRCUIT_BREAKER_CHECK_INTERVAL": "200ms",
        "CISTERN_FALLBACK_REDIS_BUDGET": "100ms", "CISTERN_HTTP_REQUEST_TIMEOUT": "500ms",
    ]

    let redis: RedisServerProcess
    let proxy: FaultProxy?
    let stack: Stack
    let keys: DrillKeys
    private(set) var history = History()
    /// What `/health` said towards the end of each outage.
    private var healthInOutages: [String] = []
    private let load: Load
    private let metronome: Metronome
    /// Where the drill's time begins: with the first request of the clients.
    private let begin: ContinuousClock.Instant
    private let seed: Int
    /// What Redis executes, where somebody wants to know.
    private let monitor: ChildProcess?

    /// Starts everything; the service is healthy, and every client has written its keys, when this returns.
    ///
    /// - Parameters:
    ///   - isProxied: Whether the service reaches Redis through a ``FaultProxy``.
    ///   - reaching: More of the environment, for what only a running server can say.
    init(
        _ options: RedisServerProcess.Options = .init(), environment: [String: String] = [:], isProxied: Bool = false,
        clients: Int = 8, reaching: (RedisServerProcess) throws -> [String: String] = { _ in [:] }
    ) throws {
        redis = try RedisServerProcess(options)
        proxy = isProxied ? try FaultProxy(to: redis.port) : nil
        // A failed run can be repeated, and a longer one made, without a change of the code.
        seed = environmentVariable("DRILL_SEED").flatMap { Int($0) } ?? 1
        keys = DrillKeys(clients: environmentVariable("DRILL_CLIENTS").flatMap { Int($0) } ?? clients)
        var all = Self.environment
        if let proxy { all["REDIS_PORT"] = "\(proxy.port)" }
        all.merge(environment) { $1 }
        all.merge(try reaching(redis)) { $1 }
        stack = try Stack(on: redis, environment: all)
        history.seeds = keys.seeds
        history.sharedKeys = Set(keys.allShared)
        history.deadline = Self.requestTimeout + .milliseconds(50) + Self.loadedMachineAllowance
        for (key, value) in keys.seeds { try redis.cli("SET", Bytes(key), value.bytes) }
        guard try stack.becomes("pass", within: .seconds(10)) else {
            throw TestFailure("not healthy at the start:\n\(stack.service.text)")
        }
        monitor = environmentVariable("DRILL_MONITOR") == nil ? nil : try redis.monitor()
        begin = .now
        metronome = Metronome(begin: begin)
        load = Load(keys, port: stack.service.port, seed: seed, begin: begin)
    }

    deinit {
        load.abandon()
        metronome.abandon()
    }

    private var now: Duration { ContinuousClock.now - begin }

    /// Lets the clients go on for so long.
    func run(_ duration: Duration) { usleep(UInt32(duration / .microseconds(1))) }

    /// An outage of this length, sure from the return of `cause` to the call of `cure`.
    func outage(
        _ duration: Duration, reach: History.Reach = .everything, losing: Bool = false,
        cause: () throws -> Void, meanwhile: () throws -> Void = {}, cure: () throws -> Void
    ) throws {
        try cause()
        let start = now
        if losing { history.losses.append(start) }
        run(duration)
        healthInOutages.append(try stack.health() ?? "none")
        try meanwhile()
        history.outages.append(History.Outage(start: start, end: now, reach: reach))
        try cure()
    }

    /// Writes, or deletes, behind the service's back.
    func writeOutside(_ key: String, _ value: WrittenValue?) throws {
        let start = now
        let reply = try value.map { try redis.cli("SET", Bytes(key), $0.bytes) } ?? redis.cli("DEL", Bytes(key))
        if case .error(let text) = reply { throw TestFailure(text) }
        history.outside.append(History.OutsideWrite(key: key, value: value, start: start, end: now))
    }

    /// Statuses that the drill provokes.
    func provoke(_ kind: Operation.Kind, _ statuses: Set<Int>) {
        history.provoked[kind, default: []].formUnion(statuses)
    }

    func statistics() throws -> JSONText { try JSONText(stack.curl().get("/stats").text) }

    /// Waits until the service has recovered under load, lets the clients see it for a while, stops them, and judges.
    func finish(within limit: Duration = .seconds(15)) throws -> DrillReport {
        let patience = limit * slowness
        let cured = now
        let hasRecovered = try eventually(within: patience) { try isRecovered() }
        let recovered = now
        run(.milliseconds(500))
        history.operations = try load.stop()
        history.pauses = metronome.stop()
        // The load itself may have been too much for a moment.
        let isSettled = hasRecovered ? try eventually(within: patience) { try isRecovered() } : false
        var remains = History.Remains()
        let statistics = try statistics()
        remains.conflicts = Int(statistics["pending"]?["conflicts"]?.number ?? 0)
        for key in keys.allWritten + history.seeds.keys {
            if let bytes = try redis.cli("GET", Bytes(key)).bytes { remains.content[key] = .init(bytes) }
        }
        return DrillReport(
            history: history, remains: remains, statistics: statistics, hasRecovered: hasRecovered && isSettled,
            recovery: recovered - cured, recovered: recovered, seed: seed,
            healthInOutages: healthInOutages, conflicts: try keysOfConflicts(), executed: monitor?.output ?? "",
            log: stack.service.text)
    }

    /// The log names the keys of conflicts by their hashes.
    private func keysOfConflicts() throws -> [String] {
        let hashes = stack.service.text.split(separator: "key_sha1=\"").dropFirst().map { $0.prefix(40) }
        guard !hashes.isEmpty else { return [] }
        let folder = try makeTemporaryFolder()
        for key in keys.allWritten { try writeFile("\(folder)/\(key)", Bytes(key)) }
        let sums = try ChildProcess("sha1sum", keys.allWritten.map { "\(folder)/\($0)" })
        _ = try sums.wait()
        return hashes.map { hash in
            let line = sums.output.split(separator: "\n").first { $0.hasPrefix(hash) }
            return line?.split(separator: "/").last.map(String.init) ?? "no key of the drill"
        }
    }

    private func isRecovered() throws -> Bool {
        let statistics = try statistics()
        let isHealthy = try stack.health() == "pass"
        return statistics["breaker"]?["state"]?.string == "closed"
            && statistics["write_breaker"]?["state"]?.string == "closed"
            && statistics["pending"]?["entries"]?.number == 0
            && isHealthy
    }
}
