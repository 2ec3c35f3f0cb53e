import CisternBytes
import CisternStore
import Testing

@Suite struct LocalCacheTests {
    let clock = CacheClock()

    @Test func aValueComesBackUntilItIsReplacedOrDeleted() {
        let cache = LocalCache(clock: clock)
        #expect(cache.get("k") == nil)
        #expect(cache.set("k", "a"))
        #expect(cache.get("k") == "a" && cache.contains("k"))
        #expect(cache.set("k", "bb"))
        #expect(cache.get("k") == "bb" && cache.count == 1)
        #expect(cache.delete("k"))
        #expect(!cache.delete("k"))
        #expect(cache.get("k") == nil && !cache.contains("k") && cache.count == 0 && cache.byteCount == 0)
    }

    @Test(arguments: ["", "\0", "k", "\r\n", "ключ"] as [Bytes])
    func keysAndValuesAreAnyBytes(_ bytes: Bytes) {
        let cache = LocalCache(clock: clock)
        #expect(cache.set(bytes, bytes))
        #expect(cache.get(bytes) == bytes)
        let all = Bytes((0...255).map { UInt8($0) })
        #expect(cache.set(all, all) && cache.set(bytes, all))
        #expect(cache.get(all) == all && cache.get(bytes) == all)
    }

    @Test func manyKeysAreKeptApart() {
        let cache = LocalCache(maxEntries: 20_000, clock: clock)
        for number in 0..<10_000 { cache.set(key(number), Bytes("\(number)")) }
        for number in stride(from: 0, to: 10_000, by: 3) { cache.delete(key(number)) }
        var wrong = 0
        for number in 0..<10_000 {
            let expected = number % 3 == 0 ? nil : Bytes("\(number)")
            if cache.get(key(number)) != expected { wrong += 1 }
        }
        #expect(wrong == 0)
        #expect(cache.count == 6666)
    }

    @Test func removingAllLeavesAnEmptyCacheThatWorks() {
        let cache = LocalCache(maxEntries: 100_000, maxBytes: 64 << 20, clock: clock)
        for number in 0..<1000 { cache.set(key(number), "v") }
        cache.removeAll()
        #expect(cache.count == 0 && cache.byteCount == 0 && cache.get(key(1)) == nil)
        #expect(cache.statistics.deletions == 1000)
        cache.set("k", "v")
        #expect(cache.get("k") == "v" && cache.count == 1 && cache.isBalanced)
    }

    @Test func bytesAreKeysValuesAndTheOverhead() {
        let cache = LocalCache(clock: clock)
        cache.set("four", "sixsix")
        #expect(cache.byteCount == 10 + LocalCache.entryOverhead)
        cache.set("four", "")
        #expect(cache.byteCount == 4 + LocalCache.entryOverhead)
    }

    @Test func statisticsCountWhatHappened() {
        let cache = LocalCache(maxEntries: 2, clock: clock)
        cache.set("a", "1")
        cache.set("a", "2")
        cache.set("b", "1", ttl: .seconds(1))
        _ = cache.get("a")
        _ = cache.get("missing")
        clock.advance(1)
        _ = cache.get("b")
        cache.set("c", "1")
        cache.set("d", "1")
        cache.set("e", Bytes([UInt8](repeating: 0, count: 17 << 20)))
        let counted = cache.statistics
        #expect(counted.hits == 1 && counted.misses == 2)
        #expect(counted.insertions == 4 && counted.replacements == 1)
        #expect(counted.expirations == 1 && counted.evictions == 1 && counted.refusals == 1)
        #expect(counted.entries == 2)
    }

    @Test func lookingWithoutReadingCountsNeitherHitNorMiss() {
        let cache = LocalCache(clock: clock)
        cache.set("a", "1")
        _ = cache.contains("a")
        _ = cache.contains("b")
        _ = cache.ttl(of: "a")
        #expect(cache.statistics.hits == 0 && cache.statistics.misses == 0)
    }

    @Test func theDefaultsArePlanV39s() {
        let cache = LocalCache()
        #expect(cache.maxEntries == 1000 && cache.ttl == .seconds(300))
        #expect(cache.set("key", "value", ttl: .seconds(5)))
        #expect(cache.get("key") == "value")
        // The system's clock: hardly a moment has passed.
        let left = cache.ttl(of: "key") ?? .zero
        #expect(left > .zero && left <= .seconds(5))
    }
}
