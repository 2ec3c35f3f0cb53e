import Cistern
import CisternHTTP
import Testing

@testable import CisternService

@Suite struct FreshnessTests {
    /// The oldest that is allowed, in whole seconds up to 1000; nil for none, and 1000 for any.
    private func limit(_ field: String) throws -> Int? {
        let freshness = Freshness(try requestHead("GET", "/keys/k", ["Host: h", "Cache-Control: \(field)"]))
        return (0...1000).last { freshness.allows($0) }
    }

    @Test(arguments: [
        ("no-cache", nil), ("No-Cache", nil), ("no-cache=\"x\"", nil), ("max-age=7", 7), ("MAX-AGE=7", 7),
        ("max-age=\"7\"", 7), ("max-age = 7", 7), ("stale-if-error=5", 5), ("max-age=9, stale-if-error=5", 5),
        ("max-age=0", 0), ("max-age", nil), ("max-age=", nil), ("max-age=-1", nil), ("max-age=x", nil),
        ("max-age=99999999999999999999", nil), ("no-store", 1000), ("max-stale=3", 1000), ("x-max-age=3", 1000),
        ("max-age=7;x=1", 7), ("private, max-age=7", 7),
    ])
    func itIsAsTheFieldSays(field: String, oldest: Int?) throws {
        let found = try limit(field)
        #expect(found == oldest)
    }

    /// `Age` has whole seconds, and so has what it is compared with.
    @Test func aPartOfASecondIsNotCounted() throws {
        let freshness = Freshness(try requestHead("GET", "/keys/k", ["Host: h", "Cache-Control: max-age=1"]))
        for (age, isAllowed) in [(1_999_999_999, true), (2_000_000_000, false)] as [(Int64, Bool)] {
            let found = Lookup(value: "v", ttl: .persistent, source: .local, age: age, digest: nil)
            #expect(freshness.allows(found.ageSeconds) == isAllowed)
        }
    }

    @Test(arguments: [
        ("handling=strict", false), ("handling=\"strict\"", false), ("Handling = STRICT", false),
        ("handling=strict; a=b", false), ("respond-async, handling=strict", false), ("handling=lenient", true),
        ("handling", true), ("handling=stricter", true), ("x-handling=strict", true), ("a=\"handling=strict\"", true),
    ])
    func aPreferenceIsRead(field: String, mayBeKept: Bool) throws {
        let head = try requestHead("PUT", "/keys/k", ["Host: h", "Prefer: \(field)"])
        #expect(head.mayBeKept == mayBeKept)
    }
}
