import CisternBytes
import TestSupport
import Testing

@Suite("Redis behind it", .blocking) struct BackendTests {
    @Test func whatIsPutIsInRedisByteForByteWithItsTime() throws {
        let stack = try Backend.redis.stack
        let redis = try #require(stack.redis)
        #expect(try stack.curl().put("/keys/seen?ttl=100", Bytes(0...255)).status == 201)
        #expect(try redis.cli("GET", "seen") == .bytes(Bytes(0...255)))
        #expect(try redis.cli("TYPE", "seen") == .status("string"))
        #expect((90_000...100_000).contains(try redis.cli("PTTL", "seen").integer ?? -1))
        #expect(try stack.curl().put("/keys/seen", "").status == 204)
        #expect(try redis.cli("GET", "seen") == .bytes(""))
        #expect(try redis.cli("PTTL", "seen") == .integer(-1))
        #expect(try stack.curl().delete("/keys/seen").status == 204)
        #expect(try redis.cli("EXISTS", "seen") == .integer(0))
    }

    @Test func whatRedisHoldsIsServedWithItsTime() throws {
        let stack = try Backend.redis.stack
        let redis = try #require(stack.redis)
        try redis.cli("SET", "written", Bytes(0...255), "EX", "50")
        let answer = try stack.curl().get("/keys/written")
        #expect(answer.status == 200)
        #expect(answer.body == Bytes(0...255))
        #expect((45...50).contains(Int(answer.headers["Cache-TTL"] ?? "") ?? -1))
        try redis.cli("SET", "written", "new")
        #expect(try stack.curl().get("/keys/written").body == "new")
        #expect(try stack.curl().get("/keys/written").headers["Cache-TTL"] == nil)
        try redis.cli("DEL", "written")
        #expect(try stack.curl().get("/keys/written").status == 404)
    }

    @Test func aValueWorksThroughAPassword() throws {
        let redis = try RedisServerProcess(.password("pass word:@/%é"))
        try expectService(on: redis, ["REDIS_PASSWORD": "pass word:@/%é"])
    }

    @Test func aPasswordMayComeFromAFile() throws {
        let redis = try RedisServerProcess(.password("from-a-file"))
        let file = try makeTemporaryFolder() + "/password"
        try writeFile(file, "from-a-file\n")
        try expectService(on: redis, ["REDIS_PASSWORD_FILE": file])
    }

    @Test func aValueWorksThroughAUserOfTheACL() throws {
        var options = RedisServerProcess.Options()
        options.users = ["default off", "alice on >wonder ~* &* +@all"]
        let redis = try RedisServerProcess(options)
        try expectService(on: redis, ["REDIS_USERNAME": "alice", "REDIS_PASSWORD": "wonder"])
        #expect(try redis.clients().allSatisfy { $0.contains("user=alice") })
    }

    @Test func aWrongPasswordIsSaidAndNotShown() throws {
        let redis = try RedisServerProcess(.password("right-secret"))
        let stack = try Stack(on: redis, environment: ["REDIS_PASSWORD": "wrong-secret"])
        let answer = try stack.curl().get("/keys/x")
        #expect([502, 503].contains(answer.status))
        #expect(try stack.health() != "pass")
        #expect(!(answer.text + stack.service.text).contains("wrong-secret"))
        // Never hammered: two attempts a minute.
        #expect((1...2).contains(try redis.refusedPasswords()))
    }

    @Test func anActionThatTheACLForbidsIsABadGateway() throws {
        var options = RedisServerProcess.Options()
        options.users = ["reader on >wonder ~* &* +@all -@write"]
        let redis = try RedisServerProcess(options)
        try redis.cli("SET", "k", "v")
        let stack = try Stack(
            on: redis, environment: ["REDIS_USERNAME": "reader", "REDIS_PASSWORD": "wonder"])
        #expect(try stack.curl().get("/keys/k").body == "v")
        #expect(try stack.curl().put("/keys/k", "w").status == 502)
        #expect(try redis.cli("GET", "k") == .bytes("v"))
    }

    @Test func aUnixSocketWorks() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis, environment: ["REDIS_HOST": redis.unixPath])
        #expect(try stack.curl().put("/keys/k", "v").status == 201)
        #expect(try redis.cli("GET", "k") == .bytes("v"))
        #expect(try redis.clients().allSatisfy { $0.contains("redis.sock") })
    }

    @Test func aURLLeadsToRedisAsWell() throws {
        let redis = try RedisServerProcess(.password("p@ss"))
        let service = try CisternProcess(environment: ["REDIS_URL": "redis://:p%40ss@127.0.0.1:\(redis.port)/3"])
        #expect(try CurlClient(port: service.port).put("/keys/k", "v").status == 201)
        try redis.cli("SELECT", "3")
        #expect(try redis.cli("GET", "k") == .bytes("v"))
    }

    @Test func databaseAndPrefixSeparateKeys() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis, environment: ["REDIS_DB": "5", "CISTERN_KEY_PREFIX": "app:"])
        #expect(try stack.curl().put("/keys/k", "v").status == 201)
        #expect(try redis.cli("EXISTS", "app:k") == .integer(0))
        try redis.cli("SELECT", "5")
        #expect(try redis.cli("KEYS", "*") == .array([.bytes("app:k")]))
        try redis.cli("SET", "k", "not the service's")
        #expect(try stack.curl().get("/keys/k").body == "v")
    }

    @Test func oneConnectionIsEnough() throws {
        var options = RedisServerProcess.Options()
        options.maxClients = 2
        let redis = try RedisServerProcess(options)
        let stack = try Stack(on: redis, environment: ["CISTERN_HTTP_THREADS": "1"])
        let curl = try stack.curl()
        for number in 0..<50 {
            #expect(try curl.put("/keys/k", Bytes("\(number)")).status == (number == 0 ? 201 : 204))
        }
        #expect(try redis.cli("GET", "k") == .bytes("49"))
    }

    @Test func aFullRedisIsOutlived() throws {
        var options = RedisServerProcess.Options()
        options.maxClients = 2
        let redis = try RedisServerProcess(options)
        let holder = try RawConnection(port: redis.port)
        try holder.send("PING\r\n")
        #expect(try holder.readLine() == "+PONG\r\n")
        let stack = try Stack(on: redis, environment: ["CISTERN_HTTP_THREADS": "1"])
        #expect(try stack.curl().get("/keys/k").status == 503)
        holder.close()
        #expect(try stack.becomes("pass"))
        #expect(try stack.curl().put("/keys/k", "v").status == 201)
    }

    @Test func aRedisWithoutMemoryIsInsufficientStorage() throws {
        let redis = try RedisServerProcess()
        let stack = try Stack(on: redis)
        #expect(try stack.curl().put("/keys/k", "v").status == 201)
        try redis.cli("CONFIG", "SET", "maxmemory", "1")
        #expect(try stack.curl().put("/keys/k", "w").status == 507)
        #expect(try stack.curl().get("/keys/k").body == "v")
    }

    private func expectService(on redis: RedisServerProcess, _ environment: [String: String]) throws {
        let stack = try Stack(on: redis, environment: environment)
        #expect(try stack.curl().put("/keys/k", "v").status == 201)
        #expect(try redis.cli("GET", "k") == .bytes("v"))
        #expect(try stack.becomes("pass"))
    }
}
