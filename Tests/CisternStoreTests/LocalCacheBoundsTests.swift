import CisternBytes
import CisternStore
import TestSupport
import Testing

@Suite struct LocalCacheBoundsTests {
    let clock = CacheClock()

    @Test(arguments: [1, 2, 3, 10, 999, 1000, 8191, 8192, 100_000, 100_003])
    func aFullCacheHoldsItsBoundAndNoMore(_ bound: Int) {
        let cache = LocalCache(maxEntries: bound, maxBytes: 1 << 30, clock: clock)
        for number in 0..<bound * 2 { cache.set(key(number), "") }
        // Small caches are exact. Larger ones have shards, which keys fill a little unevenly.
        #expect(cache.count <= bound && cache.count >= (bound < 8192 ? bound : bound * 97 / 100))
        #expect(cache.isBalanced)
    }

    @Test(arguments: [1000, 100_000, mebibyte, 64 * mebibyte, 64 * mebibyte + 13])
    func bytesAreBounded(_ bound: Int) {
        let cache = LocalCache(maxEntries: 1 << 20, maxBytes: bound, clock: clock)
        let value = Bytes([UInt8](repeating: 1, count: min(bound / 4, 50_000)))
        for number in 0..<2000 { cache.set(key(number), value) }
        #expect(cache.byteCount <= bound && cache.byteCount >= bound / 2)
        #expect(cache.isBalanced)
    }

    @Test func growingAValueMakesRoomForItAndKeepsIt() {
        let cache = LocalCache(maxEntries: 100, maxBytes: 10_000, clock: clock)
        for number in 0..<40 { cache.set(key(number), "v") }
        let size = 10_000 - LocalCache.entryOverhead - 6
        for number in [39, 39, 38] {
            let value = Bytes([UInt8](repeating: 1, count: size))
            #expect(cache.set(key(number), value))
            #expect(cache.get(key(number)) == value)
            #expect(cache.count == 1 && cache.byteCount == 10_000 && cache.isBalanced)
        }
    }

    @Test func theOldestEntryIsNotDroppedForItsOwnGrowth() {
        for number in 0..<4 {
            let cache = LocalCache(maxEntries: 100, maxBytes: 10_000, clock: clock)
            for number in 0..<40 { cache.set(key(number), "v") }
            let value = Bytes([UInt8](repeating: 1, count: 3000))
            #expect(cache.set(key(number), value))
            #expect(cache.get(key(number)) == value)
            #expect(cache.count > 30 && cache.isBalanced)
        }
    }

    @Test func whatIsTooLargeIsRefusedAndCostsNobodyElse() {
        let cache = LocalCache(maxEntries: 100, maxBytes: 10_000, clock: clock)
        for number in 0..<10 { cache.set(key(number), "v") }
        let tooLarge = Bytes([UInt8](repeating: 1, count: 10_000 - LocalCache.entryOverhead - 5 + 1))
        #expect(!cache.set(key(99), tooLarge))
        #expect(cache.statistics.refusals == 1 && cache.count == 10 && cache.get(key(99)) == nil)
        // What the key held is out of date.
        #expect(!cache.set(key(1), tooLarge))
        #expect(cache.get(key(1)) == nil && cache.count == 9 && cache.isBalanced)
    }

    @Test(arguments: [(0, mebibyte), (-5, mebibyte), (100, 0), (100, -1), (100, LocalCache.entryOverhead)])
    func aCacheWithoutRoomRefusesEverything(_ entries: Int, _ bytes: Int) {
        let cache = LocalCache(maxEntries: entries, maxBytes: bytes, clock: clock)
        #expect(!cache.set("k", "v"))
        #expect(cache.get("k") == nil && cache.count == 0)
    }

    struct Sharding: Sendable {
        let entries, bytes, largest, shards: Int

        init(_ entries: Int, _ bytes: Int, _ largest: Int, _ shards: Int) {
            self.entries = entries
            self.bytes = bytes
            self.largest = largest
            self.shards = shards
        }
    }

    static let mebibyte = 1 << 20

    @Test(arguments: [
        Sharding(1000, 16 * mebibyte, mebibyte, 1), Sharding(8191, 1024 * mebibyte, mebibyte, 1),
        Sharding(8192, 1024 * mebibyte, mebibyte, 2), Sharding(100_000, 64 * mebibyte, mebibyte, 16),
        Sharding(100_000, 64 * mebibyte, 8 * mebibyte, 2), Sharding(1_000_000, .max, mebibyte, 16),
        Sharding(1_000_000, mebibyte, mebibyte, 1), Sharding(100_000, 64 * mebibyte, .max, 1),
    ])
    func shardsAreAsManyAsLeaveRoomInEach(_ sharding: Sharding) {
        let cache = LocalCache(
            maxEntries: sharding.entries, maxBytes: sharding.bytes, ttl: LocalCache.never,
            largestEntry: sharding.largest, now: { 0 })
        #expect(cache.shardCount == sharding.shards)
    }

    @Test func theLargestEntryOfAServiceFindsRoom() {
        let cache = LocalCache(maxEntries: 100_000, maxBytes: 64 << 20, largestEntry: 8 << 20, clock: clock)
        for number in 0..<20 {
            #expect(cache.set(key(number), Bytes([UInt8](repeating: 1, count: 8 << 20))))
            #expect(cache.isBalanced)
        }
    }

    /// Entries, bytes, and whether the bounds are so wide that nothing may be lost.
    struct Shape: Sendable {
        let entries, bytes: Int
        let isRoomy: Bool
    }

    @Test(
        arguments: 1...4,
        [
            Shape(entries: 1, bytes: 1 << 20, isRoomy: false), Shape(entries: 7, bytes: 1 << 20, isRoomy: false),
            Shape(entries: 50, bytes: 1 << 20, isRoomy: false), Shape(entries: 1000, bytes: 20_000, isRoomy: false),
            Shape(entries: 1000, bytes: 1 << 20, isRoomy: true),
            Shape(entries: 100_000, bytes: 64 << 20, isRoomy: true),
        ])
    func itIsWhatItsModelIs(seed: UInt64, shape: Shape) {
        var generator = SplitMix64(seed: seed)
        let clock = CacheClock()
        let cache = LocalCache(maxEntries: shape.entries, maxBytes: shape.bytes, ttl: .seconds(20), clock: clock)
        var model: [Bytes: (value: Bytes, expiry: Int64)] = [:]
        for round in 0..<4000 {
            let name = key(Int.random(in: 0..<120, using: &generator))
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<8:
                let value = Bytes(generator.bytes(Int.random(in: 0...600, using: &generator)))
                let seconds = Int64.random(in: -1...15, using: &generator)
                let stored = cache.set(name, value, ttl: seconds == 15 ? nil : .seconds(seconds))
                #expect(stored)
                model[name] = (value, clock.now + (seconds == 15 ? 20 : seconds) * 1_000_000_000)
            case 8..<10:
                let deleted = cache.delete(name)
                let wasThere = model.removeValue(forKey: name).map { $0.expiry > clock.now } ?? false
                if shape.isRoomy { #expect(deleted == wasThere) } else if deleted { #expect(wasThere) }
            case 10:
                clock.advance(nanoseconds: Int64.random(in: 0...3_000_000_000, using: &generator))
            default:
                let expected = model[name].flatMap { $0.expiry > clock.now ? $0.value : nil }
                let value = cache.get(name)
                // A bounded cache may have dropped it; it never has another value, nor one that is gone.
                if shape.isRoomy || value != nil { #expect(value == expected, "round \(round)") }
            }
            #expect(cache.isBalanced, "round \(round)")
        }
        let live = model.filter { $0.value.expiry > clock.now }
        let listed = cache.keys(limit: 7)
        #expect(Set(listed).count == listed.count)
        if shape.isRoomy {
            #expect(Set(listed) == Set(live.keys))
        } else {
            #expect(Set(listed).isSubset(of: live.keys))
        }
        let bytes = cache.byteCount
        let held = cache.count
        cache.removeAll()
        #expect(bytes >= held * LocalCache.entryOverhead && cache.byteCount == 0 && cache.isBalanced)
    }

    @Test(arguments: [1, 100_000, 1 << 20, 5 << 20]) func theLargestValueFindsRoomUnderAnyKey(largestEntry: Int) {
        let bytes = 8 << 20
        let largest = LocalCache.largestValue(
            entries: 100_000, bytes: bytes, largestEntry: largestEntry, keyBytes: 100)
        let cache = LocalCache(maxEntries: 100_000, maxBytes: bytes, ttl: .seconds(60), largestEntry: largestEntry)
        let value = Bytes(repeatElement(1, count: largest))
        for number in 0..<20 {
            // 100 bytes each.
            let key = Bytes(String(100 + number) + String(repeating: "k", count: 97))
            cache.set(key, value)
            #expect(cache.get(key)?.count == largest)
            let longer = Bytes(Array(key) + [0])
            cache.set(longer, value)
            #expect(cache.get(longer) == nil)
        }
    }
}
