import CisternBytes
import CisternStore
import Testing

@Suite struct LocalCacheExpiryTests {
    let clock = CacheClock()

    @Test func anEntryLivesForItsTimeAndNoLonger() {
        let cache = LocalCache(ttl: .seconds(300), clock: clock)
        cache.set("own", "v", ttl: .seconds(5))
        cache.set("default", "v")
        cache.set("never", "v", ttl: LocalCache.never)
        clock.advance(nanoseconds: 5_000_000_000 - 1)
        #expect(cache.get("own") == "v" && cache.ttl(of: "own") == .nanoseconds(1))
        clock.advance(nanoseconds: 1)
        #expect(cache.get("own") == nil && cache.ttl(of: "own") == nil)
        #expect(cache.ttl(of: "default") == .seconds(295))
        clock.advance(295)
        #expect(!cache.contains("default"))
        #expect(cache.get("never") == "v" && cache.ttl(of: "never") == LocalCache.never)
    }

    @Test func storingAgainBeginsANewLife() {
        let cache = LocalCache(clock: clock)
        cache.set("k", "a", ttl: .seconds(5))
        clock.advance(4)
        cache.set("k", "b", ttl: .seconds(5))
        clock.advance(4)
        #expect(cache.get("k") == "b")
        cache.set("k", "c", ttl: LocalCache.never)
        clock.advance(1_000_000)
        #expect(cache.get("k") == "c")
    }

    @Test func anExpiredEntryIsNotThereToBeDeletedOrReplaced() {
        let cache = LocalCache(clock: clock)
        cache.set("k", "a", ttl: .seconds(1))
        clock.advance(1)
        #expect(!cache.delete("k"))
        cache.set("k", "a", ttl: .seconds(1))
        clock.advance(1)
        cache.set("k", "b")
        #expect(cache.statistics.insertions == 3 && cache.statistics.replacements == 0)
        #expect(cache.statistics.expirations == 2 && cache.isBalanced)
    }

    @Test(arguments: [Duration.zero, .nanoseconds(-1), .seconds(-10), .seconds(Int64.min / 2), .seconds(Int64.min)])
    func aTimeThatIsOverRemovesTheKey(_ ttl: Duration) {
        let cache = LocalCache(clock: clock)
        #expect(cache.set("k", "v", ttl: ttl))
        #expect(cache.get("k") == nil)
        cache.set("k", "v")
        #expect(cache.set("k", "w", ttl: ttl))
        #expect(cache.get("k") == nil && cache.count == 0 && cache.isBalanced)
    }

    @Test(arguments: [
        LocalCache.never, .seconds(Int64.max), .seconds(Int64.max / 2), .nanoseconds(Int64.max),
        .seconds(9_223_372_036),
    ])
    func aTimeBeyondTheClockIsNever(_ ttl: Duration) {
        let cache = LocalCache(ttl: ttl, clock: clock)
        cache.set("k", "v")
        clock.advance(nanoseconds: .max - clock.now - 1)
        #expect(cache.get("k") == "v")
        // Close to the end of the clock itself every sum stops there.
        cache.set("j", "v", ttl: .seconds(10))
        #expect(cache.ttl(of: "j") == LocalCache.never)
    }

    @Test func theShortestTimeIsNotNone() {
        let cache = LocalCache(clock: clock)
        cache.set("k", "v", ttl: Duration(secondsComponent: 0, attosecondsComponent: 1))
        #expect(cache.get("k") == "v")
        clock.advance(nanoseconds: 1)
        #expect(cache.get("k") == nil)
    }

    @Test func writesGiveBackWhatHasExpired() {
        let cache = LocalCache(maxEntries: 1000, clock: clock)
        // One that never expires is the oldest: nothing may wait behind it.
        cache.set("first", "v", ttl: LocalCache.never)
        for number in 0..<500 { cache.set(key(number), "v", ttl: .seconds(1)) }
        clock.advance(1)
        for _ in 0..<200 { cache.set("other", "v") }
        #expect(cache.count == 2)
        #expect(cache.statistics.expirations == 500 && cache.statistics.evictions == 0)
    }

    @Test func whatHasExpiredIsReclaimedWhileOtherKeysAreNotTouched() {
        let cache = LocalCache(maxEntries: 1000, clock: clock)
        for number in 0..<300 { cache.set(key(number), "v", ttl: number % 2 == 0 ? .seconds(1) : .seconds(100)) }
        clock.advance(1)
        for number in 1000..<1100 { cache.set(key(number), "v") }
        #expect(cache.count == 250)
        #expect((0..<300).allSatisfy { cache.contains(key($0)) == ($0 % 2 == 1) })
    }
}
