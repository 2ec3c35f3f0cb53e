import CisternBytes
import CisternStore
import TestSupport
import Testing

@Suite struct LocalCacheEvictionTests {
    /// What the least recently used cache of the same size would do.
    struct LRU {
        let bound: Int
        private var order: [Int: Int] = [:]
        private var tick = 0

        init(bound: Int) { self.bound = bound }

        /// Whether `key` was there; it is afterwards.
        mutating func use(_ key: Int) -> Bool {
            tick += 1
            let wasThere = order.updateValue(tick, forKey: key) != nil
            if order.count > bound, let oldest = order.min(by: { $0.value < $1.value })?.key {
                order[oldest] = nil
            }
            return wasThere
        }
    }

    let clock = CacheClock()

    /// Reads a key, and stores it where it is missing, as a cache in front of something does.
    func use(_ number: Int, _ cache: LocalCache) -> Bool {
        if cache.get(key(number)) != nil { return true }
        cache.set(key(number), "v")
        return false
    }

    @Test func onePassOverManyKeysDoesNotPushOutWhatIsInUse() {
        let cache = LocalCache(maxEntries: 100, clock: clock)
        var lru = LRU(bound: 100)
        for _ in 0..<5 {
            for number in 0..<60 {
                _ = use(number, cache)
                _ = lru.use(number)
            }
        }
        for number in 1000..<2000 {
            _ = use(number, cache)
            _ = lru.use(number)
        }
        let kept = (0..<60).count { use($0, cache) }
        #expect(kept == 60)
        let keptByLRU = (0..<60).count { lru.use($0) }
        #expect(keptByLRU == 0)
    }

    @Test func aScanBetweenSkewedReadsHurtsLessThanItHurtsLRU() {
        var generator = SplitMix64(seed: 7)
        let cache = LocalCache(maxEntries: 200, clock: clock)
        var lru = LRU(bound: 200)
        var hits = 0
        var lruHits = 0
        for round in 0..<8000 {
            // Half of the reads go to keys of which the low ones are wanted most, half to keys that never come again.
            let unit = Double(generator.next() >> 11) / Double(1 << 53)
            let number = round % 2 == 0 ? Int(unit * unit * unit * 1000) : 100_000 + round
            if use(number, cache) { hits += 1 }
            if lru.use(number) { lruHits += 1 }
        }
        #expect(hits * 100 > lruHits * 115, "\(hits) hits, and \(lruHits) of LRU")
    }

    @Test func whatComesBackSoonAfterItWasDroppedStays() {
        let cache = LocalCache(maxEntries: 100, clock: clock)
        for number in 0..<100 { _ = use(number, cache) }
        // Dropped from the small queue, and remembered.
        for number in 100..<150 { _ = use(number, cache) }
        #expect(!(0..<20).contains { cache.contains(key($0)) })
        for number in 0..<20 { _ = use(number, cache) }
        for number in 200..<400 { _ = use(number, cache) }
        // The memory of what was dropped is not exact.
        #expect((0..<20).count { cache.contains(key($0)) } > 12)
        #expect(!(120..<150).contains { cache.contains(key($0)) } && !(200..<300).contains { cache.contains(key($0)) })
    }

    @Test func whatWasWantedOnceMakesRoomInTheEnd() {
        let cache = LocalCache(maxEntries: 100, clock: clock)
        for generation in 0..<20 {
            for _ in 0..<4 { for number in 0..<80 { _ = use(generation * 100 + number, cache) } }
        }
        #expect((0..<80).count { cache.contains(key($0)) } == 0)
        #expect((1900..<1980).count { cache.contains(key($0)) } > 60)
    }

    @Test func expiredEntriesMakeRoomBeforeLiveOnes() {
        let cache = LocalCache(maxEntries: 100, clock: clock)
        for number in 0..<50 { cache.set(key(number), "v", ttl: .seconds(1)) }
        for number in 50..<100 { cache.set(key(number), "v") }
        clock.advance(1)
        for number in 100..<150 { cache.set(key(number), "v") }
        #expect(cache.statistics.evictions == 0 && cache.statistics.expirations == 50)
        #expect((50..<150).allSatisfy { cache.contains(key($0)) })
    }

    @Test func aCacheInWhichEverythingIsInUseStillTakesNewKeys() {
        let cache = LocalCache(maxEntries: 1000, clock: clock)
        for _ in 0..<5 { for number in 0..<1000 { _ = use(number, cache) } }
        for number in 1000..<1010 {
            cache.set(key(number), "v")
            #expect(cache.get(key(number)) == "v")
        }
        #expect(cache.isBalanced)
    }
}
