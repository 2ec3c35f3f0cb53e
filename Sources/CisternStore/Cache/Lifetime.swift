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
