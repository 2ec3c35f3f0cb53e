internal import Glibc

/// A point on the clock that only goes forward (`CLOCK_MONOTONIC`), in nanoseconds.
///
/// Deadlines are such points. Arithmetic saturates, so that no configured duration can overflow it.
package struct MonotonicTime: Sendable, Hashable, Comparable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Later than every deadline.
    package static let distantFuture = MonotonicTime(nanoseconds: .max)

    /// The current time, read from the kernel's shared page without a system call.
    package static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Cheaper than to add a `Duration`, which has to be divided first.
    package func advanced(byNanoseconds nanoseconds: Int64) -> Self {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return overflow ? (nanoseconds < 0 ? Self(nanoseconds: .min) : .distantFuture) : Self(nanoseconds: sum)
    }

    package static func + (time: Self, duration: Duration) -> Self {
        time.advanced(byNanoseconds: duration.saturatingNanoseconds)
    }

    /// How long after `earlier` this is.
    package func since(_ earlier: Self) -> Duration {
        let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        return .nanoseconds(overflow ? (nanoseconds < 0 ? Int64.min : Int64.max) : difference)
    }
}

extension Duration {
    /// The duration in nanoseconds, rounded towards zero, and cut to what 64 bits hold (292 years).
    package var saturatingNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, tooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return tooLarge || overflow ? (seconds < 0 ? .min : .max) : sum
    }
}
