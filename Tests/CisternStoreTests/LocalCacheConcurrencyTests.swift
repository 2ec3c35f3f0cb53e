import CisternBytes
import CisternStore
import TestSupport
import Testing

@Suite struct LocalCacheConcurrencyTests {
    @Test(arguments: [200, 100_000])
    func manyTasksAtOnceLoseNothingAndBreakNoBound(maxEntries: Int) async {
        let cache = LocalCache(maxEntries: maxEntries, maxBytes: 64 << 20)
        await withTaskGroup(of: Int.self) { group in
            for task in 0..<8 {
                group.addTask {
                    var generator = SplitMix64(seed: UInt64(task))
                    var wrong = 0
                    for _ in 0..<4000 {
                        let number = Int.random(in: 0..<400, using: &generator)
                        switch Int.random(in: 0..<8, using: &generator) {
                        case 0..<3: cache.set(key(number), Bytes("\(number)"))
                        case 3: cache.delete(key(number))
                        case 4: _ = cache.scan(cursor: 0, limit: 3)
                        default:
                            if let value = cache.get(key(number)), value != Bytes("\(number)") { wrong += 1 }
                        }
                    }
                    return wrong
                }
            }
            for await wrong in group { #expect(wrong == 0) }
        }
        #expect(cache.isBalanced)
    }

    @Test func updatesOfOneKeyFollowEachOther() async {
        let cache = LocalCache()
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<2000 {
                        _ = cache.update("counter") { current, _ in
                            (.store("", expiry: .max, note: (current?.note ?? 0) + 1), ())
                        }
                    }
                }
            }
        }
        #expect(cache.entry("counter")?.note == 16_000)
    }
}
