internal import CisternBytes
internal import Glibc
internal import TestSupport

/// A server that is being measured, for one cell of the table. It ends with this object.
final class Server {
    let cell: Cell
    let port: UInt16
    let plan: RequestPlan
    private let process: ChildProcess
    /// What it needs to live.
    private let needs: [AnyObject]

    init(_ cell: Cell, on redis: RedisServerProcess) throws {
        self.cell = cell
        plan = RequestPlan(cell.contender, cell.workload)
        switch cell.contender {
        case .cistern, .local, .open:
            let ownRedis = cell.contender == .open ? try RedisServerProcess() : nil
            let service = try CisternProcess(environment: Self.environment(of: cell, ownRedis ?? redis))
            (process, port) = (service.process, service.port)
            needs = [service]
            if cell.contender == .local { try put(cell.workload) }
            if let ownRedis { try openBreaker(ownRedis) }
        case .webdis:
            (process, port) = try startWebdis(threads: cell.loops, redis: redis.port)
            needs = []
        case .nginx, .nginxCopying:
            let file = try MemoryFile(size: cell.workload.size)
            (process, port) = try startNginx(
                processes: cell.loops, cell.workload, file, copies: cell.contender == .nginxCopying)
            needs = [file]
        }
        try check()
    }

    var figures: ProcessFigures { get throws { try ProcessFigures(of: process.pid) } }

    private static func environment(of cell: Cell, _ redis: RedisServerProcess) -> [String: String] {
        var environment = ["CISTERN_HTTP_THREADS": "\(cell.loops)"]
        if cell.contender == .local {
            environment["CISTERN_BACKEND"] = "local"
        } else {
            environment["CISTERN_BACKEND"] = "redis"
            environment["REDIS_HOST"] = "127.0.0.1"
            environment["REDIS_PORT"] = "\(redis.port)"
        }
        // Copies have to last for all rounds.
        if cell.contender == .open { environment["CISTERN_LOCAL_CACHE_TTL"] = "24h" }
        return environment
    }

    private func put(_ workload: Workload) throws {
        let curl = try CurlClient(port: port)
        let value = Bytes(Array(repeating: UInt8(ascii: "x"), count: workload.size))
        for key in workload.keys {
            let answer = try curl.put(cell.contender.path(writing: key), value)
            guard answer.status == 201 else { throw TestFailure("PUT of \(key) got \(answer.status)") }
        }
    }

    /// Leaves a copy of each value in the service, ends its Redis, and asks until the breaker is open.
    private func openBreaker(_ redis: RedisServerProcess) throws {
        try redis.fill(cell.workload)
        let curl = try CurlClient(port: port)
        let paths = cell.workload.keys.map { cell.contender.path(reading: $0) }
        for path in paths {
            guard try curl.get(path).status == 200 else { throw TestFailure("GET of \(path) before the outage failed") }
        }
        redis.kill9()
        let isOpen = try eventually {
            _ = try curl.get(paths[0])
            return try curl.get("/health").text.contains("\"observedValue\":\"open\"")
        }
        guard isOpen, try curl.get(paths[0]).headers["Cache-Source"] == "local" else {
            throw TestFailure("the breaker did not open: \(try curl.get("/health").text)")
        }
    }

    /// One request before all others: a load generator looks at statuses, and not at what comes with them.
    private func check() throws {
        let request = plan.requests[0]
        let curl = try CurlClient(port: port)
        let answer: CurlResponse
        if let size = request.size {
            answer = try curl.put(request.path, Bytes(Array(repeating: UInt8(ascii: "x"), count: size)))
        } else {
            answer = try curl.get(request.path)
        }
        let isWhole = request.size != nil || cell.workload == .miss || answer.body.count == cell.workload.size
        guard cell.workload.accepts.contains(answer.status), isWhole else {
            throw TestFailure("\(cell): \(request.path) got \(answer.status) and \(answer.body.count) bytes")
        }
    }
}

extension RedisServerProcess {
    /// Writes the values that a workload reads.
    func fill(_ workload: Workload) throws {
        let value = Bytes(Array(repeating: UInt8(ascii: "x"), count: workload.size))
        for key in workload.keys {
            guard try cli("SET", Bytes(key), value) == .status("OK") else { throw TestFailure("SET of \(key) failed") }
        }
    }
}
