import CisternBytes
import CisternLocks
import CisternStore
import Synchronization

/// The clock of a cache under test: it stands still until it is moved.
final class CacheClock: Sendable {
    private let nanoseconds = Mutex<Int64>(1_000_000_000)

    var now: Int64 { nanoseconds.withLock { $0 } }

    func advance(_ seconds: Int64) { advance(nanoseconds: seconds * 1_000_000_000) }

    func advance(nanoseconds step: Int64) { nanoseconds.withLock { $0 += step } }
}

extension LocalCache {
    convenience init(
        maxEntries: Int = 1000, maxBytes: Int = 16 << 20, ttl: Duration = .seconds(300), largestEntry: Int = 1 << 20,
        clock: CacheClock
    ) {
        self.init(maxEntries: maxEntries, maxBytes: maxBytes, ttl: ttl, largestEntry: largestEntry) { clock.now }
    }

    var isBalanced: Bool {
        let statistics = statistics
        return statistics.insertions - statistics.deletions - statistics.evictions - statistics.expirations
            == statistics.entries && statistics.entries <= maxEntries && statistics.bytes <= maxBytes
    }

    /// Every live key, page by page.
    func keys(limit: Int) -> [Bytes] {
        var keys: [Bytes] = []
        var cursor: UInt64 = 0
        repeat {
            let page = scan(cursor: cursor, limit: limit)
            keys += page.keys.map(\.key)
            cursor = page.next
        } while cursor != 0
        return keys
    }
}

func key(_ number: some BinaryInteger) -> Bytes { Bytes("key:\(number)") }
