import CisternBytes
import TestSupport
import Testing

/// The statuses and headers of answers without Redis.
@Suite("Answers without Redis", .blockingAlone, .timeLimit(.minutes(20)))
struct DegradedAnswerTests {
    private let stack: Stack
    private let curl: CurlClient

    init() throws {
        let redis = try RedisServerProcess()
        stack = try Stack(on: redis, environment: Drill.environment)
        curl = try stack.curl()
        _ = try curl.put("/keys/k.txt?ttl=100", "value")
        redis.kill9()
    }

    @Test func aCopySaysWhatItIs() throws {
        for answer in [try curl.get("/keys/k.txt"), try curl.head("/keys/k.txt")] {
            #expect(answer.status == 200)
            #expect(answer.headers["Cache-Source"] == "local")
            #expect(answer.headers["Age"].flatMap { Int($0) }.map { (0...10).contains($0) } == true)
            #expect(answer.headers["ETag"] == "\"f32b67c7e26342af42efabc674d441dca0a281c5\"")
            #expect(answer.headers["Content-Length"] == "5")
            #expect(answer.headers["Content-Type"]?.hasPrefix("text/plain") == true)
            #expect(answer.headers["Cache-TTL"].flatMap { Int($0) }.map { (80...100).contains($0) } == true)
            #expect(answer.headers["Cache-Control"] == "no-cache")
            // RFC 9211: what is left of local_cache.ttl, 5 minutes.
            let parts = answer.headers["Cache-Status"]?.split(separator: ";").map {
                $0.trimmingPrefix { $0 == " " }
            }
            #expect(parts?.first == "cistern")
            #expect(parts?.contains("hit") == true)
            #expect(parts?.contains("detail=redis-unavailable") == true)
            let ttl = parts?.first { $0.hasPrefix("ttl=") }.flatMap { Int($0.dropFirst(4)) }
            #expect(ttl.map { (280...300).contains($0) } == true, "\(answer.headers)")
        }
        #expect(try curl.get("/keys/k.txt").body == "value")
    }

    /// What a condition was held against says how old it is, as a value does.
    @Test func aCopyThatDecidesAConditionSaysWhatItIs() throws {
        let etag = "\"f32b67c7e26342af42efabc674d441dca0a281c5\""
        for (condition, status) in [("If-Match: \"other\"", 412), ("If-None-Match: \(etag)", 304)] {
            for answer in [
                try curl.get("/keys/k.txt", headers: [condition]), try curl.head("/keys/k.txt", headers: [condition]),
            ] {
                #expect(answer.status == status)
                #expect(answer.headers["Cache-Source"] == "local")
                #expect(answer.headers["Age"].flatMap { Int($0) }.map { (0...10).contains($0) } == true)
                #expect(answer.headers["ETag"] == etag)
                #expect(answer.headers["Cache-Status"]?.hasSuffix("detail=redis-unavailable") == true)
            }
        }
    }

    @Test func theAgeGrows() throws {
        #expect(
            try eventually(within: .seconds(8)) {
                try curl.get("/keys/k.txt").headers["Age"].flatMap { Int($0) } ?? 0 >= 2
            })
    }

    @Test func nobodyKnowsAnUnknownKey() throws {
        for answer in [try curl.get("/keys/unknown"), try curl.head("/keys/unknown")] {
            expectUnavailable(answer)
        }
    }

    @Test func whoWantsNoCopyGetsNone() throws {
        expectUnavailable(try curl.get("/keys/k.txt", headers: ["Cache-Control: no-cache"]))
        #expect(try curl.get("/keys/k.txt", headers: ["Cache-Control: max-age=3600"]).status == 200)
        #expect(try curl.get("/keys/k.txt", headers: ["Cache-Control: stale-if-error=3600"]).status == 200)
        let isOld = try eventually(within: .seconds(8)) {
            try curl.get("/keys/k.txt").headers["Age"].flatMap { Int($0) } ?? 0 >= 1
        }
        #expect(isOld)
        for directive in ["max-age=0", "stale-if-error=0", "no-store, max-age=0"] {
            expectUnavailable(try curl.get("/keys/k.txt", headers: ["Cache-Control: \(directive)"]))
        }
    }

    @Test func aKeptWriteSaysThatItIsKept() throws {
        for answer in [try curl.put("/keys/kept", "v"), try curl.put("/keys/k.txt", "new")] {
            #expect(answer.status == 202)
            #expect(answer.headers["Cache-Source"] == "local")
            #expect(answer.headers["Cache-Durability"] == "memory")
        }
        let read = try curl.get("/keys/kept")
        #expect(read.status == 200 && read.body == "v")
        #expect(read.headers["Cache-Source"] == "local")
        #expect(try curl.get("/keys/k.txt").body == "new")
    }

    @Test func whoWantsItStoredIsRefused() throws {
        expectUnavailable(try curl.put("/keys/strict", "v", headers: ["Prefer: handling=strict"]))
        expectUnavailable(try curl.delete("/keys/k.txt", headers: ["Prefer: handling=strict"]))
        expectUnavailable(try curl.get("/keys/strict"))
        #expect(try curl.get("/keys/k.txt").status == 200)
        #expect(try curl.put("/keys/strict", "v", headers: ["Prefer: handling=lenient"]).status == 202)
    }

    @Test func aConditionIsNeverGuessedAt() throws {
        for condition in ["If-None-Match: *", "If-Match: \"f32b67c7e26342af42efabc674d441dca0a281c5\""] {
            expectUnavailable(try curl.put("/keys/k.txt", "v", headers: [condition]))
            expectUnavailable(try curl.delete("/keys/k.txt", headers: [condition]))
        }
        #expect(try curl.get("/keys/k.txt").body == "value")
    }

    @Test func aDeletedKeyIsGone() throws {
        let answer = try curl.delete("/keys/k.txt")
        #expect(answer.status == 202)
        #expect(answer.headers["Cache-Durability"] == "memory")
        let read = try curl.get("/keys/k.txt")
        #expect(read.status == 404)
        #expect(read.headers["Cache-Source"] == "local")
        // Again, and of a key that nobody knows: nobody can say whether it is there.
        #expect(try curl.delete("/keys/k.txt").status == 202)
        #expect(try curl.delete("/keys/unknown").status == 202)
    }

    @Test func itWarnsAndIsReady() throws {
        #expect(try stack.becomes("warn", within: .seconds(10)))
        #expect(try curl.get("/health").status == 200)
        #expect(try curl.get("/health/ready").status == 200)
        #expect(try curl.get("/health/live").status == 200)
    }

    @Test func itIsCounted() throws {
        func fallback() throws -> [Int] {
            let statistics = try JSONText(curl.get("/stats").text)["fallback"]
            return ["hits", "misses", "writes"].map { Int(statistics?[$0]?.number ?? -1) }
        }
        let before = try fallback()
        for _ in 0..<7 { _ = try curl.get("/keys/k.txt") }
        for _ in 0..<3 { _ = try curl.get("/keys/unknown") }
        // There is a copy, which is not given.
        for _ in 0..<2 { expectUnavailable(try curl.get("/keys/k.txt", headers: ["Cache-Control: no-cache"])) }
        for number in 0..<5 { _ = try curl.put("/keys/n-\(number)", "v") }
        _ = try curl.delete("/keys/n-0")
        let after = try fallback()
        #expect(zip(after, before).map { $0 - $1 } == [7, 5, 6])
        let pending = try JSONText(curl.get("/stats").text)["pending"]
        #expect(pending?["entries"]?.number == 5)
        #expect(pending?["bytes"]?.number ?? 0 > 0)
    }

    private func expectUnavailable(_ answer: CurlResponse, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(answer.status == 503, sourceLocation: sourceLocation)
        #expect(
            answer.headers["Retry-After"].flatMap { Int($0) } ?? 0 >= 1, "\(answer.headers)",
            sourceLocation: sourceLocation)
        // Without a body, HEAD has the headers alone.
        #expect(answer.headers["Content-Type"] == "application/problem+json", sourceLocation: sourceLocation)
    }
}
