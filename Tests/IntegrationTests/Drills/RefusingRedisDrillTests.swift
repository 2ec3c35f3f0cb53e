import CisternBytes
import Glibc
import TestSupport
import Testing

/// Redis is there, answers reads, and refuses writes.
@Suite("Drills: Redis takes no writes", .blockingAlone, .timeLimit(.minutes(20)))
struct RefusingRedisDrillTests {
    /// A failover without a lost write: the service's server becomes the other's replica, and is promoted later.
    @Test func aReplicaThatIsPromoted() throws {
        let other = try RedisServerProcess()
        let drill = try Drill()
        let redis = drill.redis
        // Otherwise it would wait for further replicas first.
        try redis.cli("CONFIG", "SET", "repl-diskless-sync-delay", "0")
        drill.run(.milliseconds(500))
        try drill.outage(.seconds(2), reach: .writes) {
            try other.cli("REPLICAOF", "127.0.0.1", Bytes("\(redis.port)"))
            try expect(other, "master_link_status", "up")
            // No write may come between: it would be lost with Redis's word that it was stored.
            try redis.cli("CONFIG", "SET", "min-replicas-to-write", "9")
            let offset = try redis.info("master_repl_offset") ?? ""
            try expect(other, "slave_repl_offset", offset)
            try other.cli("REPLICAOF", "NO", "ONE")
            try redis.cli("REPLICAOF", "127.0.0.1", Bytes("\(other.port)"))
            try expect(redis, "master_link_status", "up")
            try redis.cli("CONFIG", "SET", "min-replicas-to-write", "0")
        } meanwhile: {
            let role = try redis.info("role")
            #expect(role == "slave")
        } cure: {
            try redis.cli("REPLICAOF", "NO", "ONE")
        }
        try drill.finish().expectOutageOfWrites()
    }

    /// `MISCONF`: the last snapshot could not be written.
    @Test func itCannotSave() throws {
        var options = RedisServerProcess.Options()
        options.lines = ["dbfilename snapshot"]
        let drill = try Drill(options)
        let redis = drill.redis
        guard case .array(let setting) = try redis.cli("CONFIG", "GET", "dir"), let folder = setting.last?.text else {
            throw TestFailure("no working directory")
        }
        drill.run(.milliseconds(500))
        try drill.outage(.seconds(2), reach: .writes) {
            // Not even root can put a file where a folder is.
            mkdir("\(folder)/snapshot", 0o700)
            try writeFile("\(folder)/snapshot/full", "")
            try redis.cli("CONFIG", "SET", "save", "3600 1000000")
            try redis.cli("BGSAVE")
            try expect(redis, "rdb_last_bgsave_status", "err")
            guard case .error(let text) = try redis.cli("SET", "probe", "v"), text.hasPrefix("MISCONF") else {
                throw TestFailure("the drill is none: Redis takes writes")
            }
        } cure: {
            unlink("\(folder)/snapshot/full")
            rmdir("\(folder)/snapshot")
            try redis.cli("BGSAVE")
            try expect(redis, "rdb_last_bgsave_status", "ok")
            try redis.cli("CONFIG", "SET", "save", "")
        }
        try drill.finish().expectOutageOfWrites()
    }

    /// `NOREPLICAS`.
    @Test func itHasTooFewReplicas() throws {
        let drill = try Drill()
        drill.run(.milliseconds(500))
        try drill.outage(.seconds(2), reach: .writes) {
            try drill.redis.cli("CONFIG", "SET", "min-replicas-to-write", "1")
        } cure: {
            try drill.redis.cli("CONFIG", "SET", "min-replicas-to-write", "0")
        }
        try drill.finish().expectOutageOfWrites()
    }

    /// `OOM` is no outage: a PUT gets 507 and leaves nothing behind, everything else goes on.
    @Test func itIsFull() throws {
        let drill = try Drill()
        drill.provoke(.put, [507])
        drill.run(.milliseconds(500))
        try drill.redis.cli("CONFIG", "SET", "maxmemory", "1")
        drill.run(.seconds(2))
        let statistics = try drill.statistics()
        try drill.redis.cli("CONFIG", "SET", "maxmemory", "0")
        #expect(statistics["pending"]?["entries"]?.number == 0)
        #expect(statistics["breaker"]?["state"]?.string == "closed")
        #expect(statistics["write_breaker"]?["state"]?.string == "closed")
        let report = try drill.finish()
        report.expectClean()
        let puts = report.history.operations.filter { $0.kind == .put }
        #expect(puts.contains { $0.status == 507 }, "\(report)")
        #expect(!puts.contains { $0.status == 202 }, "\(report)")
        #expect(report.pending("replayed") == 0)
    }

    private func expect(_ redis: RedisServerProcess, _ name: String, _ value: String) throws {
        guard try eventually(within: .seconds(10 * slowness), { try redis.info(name) == value }) else {
            throw TestFailure("\(name) is \(try redis.info(name) ?? "not there"), not \(value)")
        }
    }
}
