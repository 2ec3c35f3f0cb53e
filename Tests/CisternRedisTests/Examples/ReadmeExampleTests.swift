import Cistern
import TestSupport
import Testing

/// The library's example in README: what stands there is what runs here.
@Suite(.blocking, .timeLimit(.minutes(10))) struct ReadmeExampleTests {
    @Test func runs() async throws {
        let redis = try RedisServerProcess()
        // README begins.
        var config = RedisConfig()
        config.host = "127.0.0.1"
        config.port = Int(redis.port)
        // Throws every fault at once.
        try ConfigValidator().validate(config)

        // Throws when Redis cannot be reached; RedisClient(config) would connect in the background.
        let client = try await config.makeClient()
        try await client.set("key", "value", ttl: .seconds(3600))
        // nil is a miss, not an error.
        let value: Bytes? = try await client.get("key")
        print(value?.string ?? "none", client.statistics.pool.open)
        await client.close()

        // The parts stand on their own as well.
        let cache = LocalCache(maxEntries: 1000, maxBytes: 16 << 20, ttl: .seconds(300))
        cache.set("key", "value", ttl: .seconds(5))
        print(cache.get("key")?.string ?? "none", cache.statistics.entries)
        let other = try RedisConfig(environment: ["REDIS_HOST": "cache", "REDIS_READ_TIMEOUT": "250ms"])
        // Never shows the password.
        print(other)
        // README ends.
        #expect(try redis.cli("GET", "key") == .bytes("value"))
        #expect(value == "value" && cache.get("key") == "value")
        #expect(other.host == "cache" && other.readTimeout == .milliseconds(250))
    }

    @Test func isTheOneOfReadme() throws {
        let root = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        let here = try content(
            of: "\(root)/Tests/CisternRedisTests/Examples/ReadmeExampleTests.swift", from: "// README begins.\n",
            to: "        // README ends.\n")
        let lines = here.replacing("Int(redis.port)", with: "6379")
            .split(separator: "\n", omittingEmptySubsequences: false)
        let example = lines.map { $0.hasPrefix("        ") ? $0.dropFirst(8) : $0 }.joined(separator: "\n")
        #expect(try content(of: "\(root)/README.md", from: "```swift\nimport Cistern\n\n", to: "```\n") == example)
    }

    private func content(of file: String, from begin: String, to end: String) throws -> String {
        let text = try readText(file)
        let start = try #require(text.firstRange(of: begin)).upperBound
        return String(text[start..<(try #require(text[start...].firstRange(of: end)).lowerBound)])
    }
}
