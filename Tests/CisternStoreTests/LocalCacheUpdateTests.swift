import CisternBytes
import CisternStore
import TestSupport
import Testing

@Suite struct LocalCacheUpdateTests {
    let clock = CacheClock()

    @Test func anEntryIsReadWithItsExpiryAndItsNote() {
        let cache = LocalCache(clock: clock)
        let start = clock.now
        _ = cache.update("k") { _, now in (.store("v", expiry: now + 10, note: 42), ()) }
        clock.advance(nanoseconds: 3)
        let entry = cache.entry("k")
        #expect(entry?.value == "v" && entry?.expiry == start + 10 && entry?.stored == start && entry?.note == 42)
        #expect(cache.entry("missing") == nil)
        #expect(cache.statistics.hits == 1 && cache.statistics.misses == 1)
    }

    @Test func theOutcomeSaysWhetherTheKeyWasNew() {
        let cache = LocalCache(maxBytes: 1000, clock: clock)
        let store: (Bytes) -> CacheOutcome = { value in
            cache.update("k") { _, _ in (.store(value, expiry: .max), ()) }.outcome
        }
        #expect(store("a") == .inserted)
        #expect(store("b") == .replaced)
        #expect(store(Bytes([UInt8](repeating: 0, count: 1000))) == .refused)
        #expect(cache.get("k") == "b")
        #expect(cache.update("k") { _, _ in (.keep, ()) }.outcome == .kept)
        #expect(cache.update("k") { _, _ in (.remove, ()) }.outcome == .removed)
        #expect(cache.update("k") { _, _ in (.remove, ()) }.outcome == .kept)
        #expect(cache.update("k") { _, now in (.store("c", expiry: now), ()) }.outcome == .kept)
        #expect(store("d") == .inserted)
        #expect(cache.update("k") { _, now in (.store("e", expiry: now), ()) }.outcome == .removed)
        #expect(cache.count == 0 && cache.isBalanced)
    }

    @Test func conditionsAreDecidedByWhatIsThere() {
        let cache = LocalCache(clock: clock)
        let onlyIfAbsent: (Bytes) -> Bool = { value in
            cache.update("k") { current, _ in (current == nil ? .store(value, expiry: .max) : .keep, current == nil) }
                .result
        }
        #expect(onlyIfAbsent("a"))
        #expect(!onlyIfAbsent("b"))
        #expect(cache.get("k") == "a")
    }

    @Test func anExpiryCanBeKept() {
        let cache = LocalCache(ttl: .seconds(60), clock: clock)
        cache.set("k", "a", ttl: .seconds(10))
        clock.advance(4)
        _ = cache.update("k") { current, now in
            (.store("b", expiry: current?.expiry ?? cache.expiry(after: nil, from: now)), ())
        }
        #expect(cache.get("k") == "b" && cache.ttl(of: "k") == .seconds(6))
    }

    @Test func anExpiredEntryIsShownToNobody() {
        let cache = LocalCache(clock: clock)
        cache.set("k", "a", ttl: .seconds(1))
        clock.advance(1)
        let seen = cache.update("k") { current, _ in (.keep, current?.value) }.result
        #expect(seen == nil)
        #expect(cache.statistics.expirations == 1)
    }

    @Test func aDecisionThatThrowsChangesNothing() {
        struct Failure: Error {}
        let cache = LocalCache(clock: clock)
        cache.set("k", "a")
        #expect(throws: Failure.self) {
            try cache.update("k") { _, _ throws(Failure) -> (CacheChange, Void) in throw Failure() }
        }
        #expect(cache.get("k") == "a" && cache.isBalanced)
    }

    @Test(arguments: [1, 7, 100, 100_000])
    func aScanListsEveryKeyOnceWhileOthersComeAndGo(limit: Int) {
        let cache = LocalCache(maxEntries: 100_000, maxBytes: 64 << 20, clock: clock)
        var generator = SplitMix64(seed: 3)
        for number in 0..<3000 { cache.set(key(number), "v") }
        for number in stride(from: 0, to: 3000, by: 2) { cache.delete(key(number)) }
        var seen: [Bytes: Int] = [:]
        var cursor: UInt64 = 0
        var next = 10_000
        repeat {
            let page = cache.scan(cursor: cursor, limit: limit)
            #expect(page.keys.count <= limit)
            for entry in page.keys { seen[entry.key, default: 0] += 1 }
            cursor = page.next
            // Those with an odd number above 999 are there throughout.
            cache.delete(key(Int.random(in: 0..<1000, using: &generator)))
            cache.set(key(next), "v")
            next += 1
        } while cursor != 0
        #expect(stride(from: 1001, to: 3000, by: 2).allSatisfy { seen[key($0)] == 1 })
    }

    @Test func aPageLooksAtABoundedNumberOfSlots() {
        let cache = LocalCache(maxEntries: 5000, clock: clock)
        for number in 0..<5000 { cache.set(key(number), "v") }
        for number in 0..<4999 { cache.delete(key(number)) }
        var pages = 0
        var cursor: UInt64 = 0
        var found = 0
        repeat {
            let page = cache.scan(cursor: cursor, limit: 10)
            cursor = page.next
            found += page.keys.count
            pages += 1
        } while cursor != 0
        #expect(found == 1 && pages == 63)
    }

    @Test(arguments: [UInt64.max, 1 << 63, 0xFFFF_FFFF, 1 << 32, 77, 0x0000_000F_FFFF_FFFF])
    func aForeignCursorDoesNoHarm(_ cursor: UInt64) {
        let cache = LocalCache(clock: clock)
        cache.set("k", "v")
        #expect(cache.scan(cursor: cursor, limit: .max).keys.count <= 1)
        #expect(cache.scan(cursor: cursor, limit: .min).next == 0)
    }

    @Test func aDigestStaysAsLongAsItsValue() {
        let cache = LocalCache(clock: clock)
        let digest = Digest160.repeating(7)
        _ = cache.update("k") { _, _ in (.store("v", expiry: .max), ()) }
        #expect(cache.entry("k")?.digest == nil)
        cache.note(digest, of: "another value", key: "k")
        cache.note(digest, of: "v", key: "missing")
        #expect(cache.entry("k")?.digest == nil && cache.entry("missing") == nil)
        cache.note(digest, of: "v", key: "k")
        #expect(cache.entry("k")?.digest == digest)
        _ = cache.update("k") { _, _ in (.store("w", expiry: .max), ()) }
        #expect(cache.entry("k")?.digest == nil)
        // The place of an entry that is gone is the next one's.
        cache.note(digest, of: "w", key: "k")
        cache.delete("k")
        _ = cache.update("l") { _, _ in (.store("w", expiry: .max), ()) }
        #expect(cache.entry("l")?.digest == nil)
    }
}
