import Glibc
// Where the compiler finds the members of timespec.
import SwiftOverlayShims

/// Instants are nanoseconds; the greatest means never, and sums stop there.
enum Lifetime {
    static let never = Int64.max

    static func expiry(after ttl: Duration, from now: Int64) -> Int64 {
        let (sum, overflow) = now.addingReportingOverflow(nanoseconds(ttl))
        if overflow { return ttl < .zero ? .min : never }
        return sum
    }

    static func remaining(until expiry: Int64, from now: Int64) -> Duration {
        expiry == never ? LocalCache.never : .nanoseconds(expiry - now)
    }

    /// Rounded away from zero, so that the shortest time is not none.
    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let rest = attoseconds / 1_000_000_000 + (attoseconds % 1_000_000_000).signum()
        let (sum, tooMuch) = whole.addingReportingOverflow(rest)
        if overflow || tooMuch { return duration < .zero ? .min : .max }
        return sum
    }
}

/// The system's clock that never goes back.
package enum MonotonicClock {
    package static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
