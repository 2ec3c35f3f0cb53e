import CisternBytes
import CisternHTTP
import CisternRedis
import Testing

@testable import CisternService

@Suite struct LifetimeRulesTests {
    private let unlimited = LifetimeRules(defaultTTL: .zero, maxTTL: .zero)
    private let limited = LifetimeRules(defaultTTL: .seconds(600), maxTTL: .seconds(3600))

    private func expiry(_ rules: LifetimeRules, _ query: String) throws -> KeyExpiry {
        let asked = try KeyQuery(requestHead("PUT", "/keys/a\(query)"), writes: true)
        return try rules.expiry(ttl: asked.ttl, keepsTTL: asked.keepsTTL)
    }

    @Test(arguments: [
        ("60", 60), ("1", 1), ("1s", 1), ("90s", 90), ("1h30m", 5400), ("1.5m", 90), ("1000ms", 1), ("007", 7),
        ("3153600000", 3_153_600_000), ("876000h", 3_153_600_000),
    ])
    func secondsAndDurationsAreTaken(text: String, seconds: Int) throws {
        #expect(try expiry(unlimited, "?ttl=\(text)") == .after(.seconds(seconds)))
    }

    @Test(arguments: [
        "", "0", "0s", "-1", "-1s", "1ms", "999ms", "1500ms", "1.5", "1.5s", "1s1ms", "60x", "x", "%201", "1e3",
        "3153600001", "9223372036854775807", "99999999999999999999", "9999999h", "876001h", "%2B60", "1,5",
    ])
    func whatIsNoLifetimeIsRefused(text: String) throws {
        let refusal = try #require(throws: Refusal.self) { try expiry(unlimited, "?ttl=\(text)") }
        #expect(refusal.status == .badRequest)
        #expect(refusal.detail.contains("ttl"))
    }

    @Test func ttlWithoutAValueIsRefused() {
        #expect(throws: Refusal.self) { try expiry(unlimited, "?ttl") }
    }

    @Test func aLifetimeOfItsOwnAndTheOldOneExcludeEachOther() throws {
        let refusal = try #require(throws: Refusal.self) { try expiry(unlimited, "?ttl=1&keep_ttl=true") }
        #expect(refusal.status == .badRequest && refusal.detail.contains("exclude"))
        #expect(try expiry(unlimited, "?ttl=1&keep_ttl=false") == .after(.seconds(1)))
    }

    @Test func theLongestIsAllowedAndNoMore() throws {
        #expect(try expiry(limited, "?ttl=3600") == .after(.seconds(3600)))
        let refusal = try #require(throws: Refusal.self) { try expiry(limited, "?ttl=3601") }
        #expect(refusal.status == .badRequest)
        #expect(refusal.detail.contains("max_ttl") && refusal.detail.contains("1h"))
    }

    @Test func whoDoesNotAskGetsTheStandard() throws {
        #expect(try expiry(unlimited, "") == .never)
        #expect(try expiry(limited, "") == .after(.seconds(600)))
        #expect(try expiry(limited, "?keep_ttl=false") == .after(.seconds(600)))
        #expect(try expiry(unlimited, "?keep_ttl=true") == .keep(newKey: nil))
        #expect(try expiry(limited, "?keep_ttl=true") == .keep(newKey: .seconds(600)))
    }
}
