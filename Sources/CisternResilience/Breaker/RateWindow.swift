internal import CisternBytes

/// The operations of the last check interval, and how many of them failed.
///
/// Time is cut into slices of a tenth of the interval, each beginning with an operation. A slice leaves as a whole, an interval
/// after its first operation: so an operation counts for between nine tenths of an interval and all of it.
struct RateWindow: Sendable {
    private struct Slice: Sendable {
        let begin: MonotonicTime
        let successesBefore: Int
        var failures = 0
    }

    private let interval: Duration
    private let slice: Duration
    private var slices: [Slice] = []
    private var failures = 0
    /// Operations in the window, as of the last one that was told.
    private var operations = 0

    init(interval: Duration) {
        self.interval = interval
        slice = interval / 10
    }

    /// Whether too many failed: half of at least ``BreakerMachine/rateMinimum``.
    var isBad: Bool { operations >= BreakerMachine.rateMinimum && failures * 2 >= operations }

    /// From when on successes must be told here; before, it is enough that they are counted.
    var successesMatterFrom: MonotonicTime {
        // While there are too few operations for a rate, a success may be the one that was missing.
        let mayBecomeBad = failures * 2 >= BreakerMachine.rateMinimum && operations < BreakerMachine.rateMinimum
        guard !mayBecomeBad, let first = slices.first, let last = slices.last else {
            return MonotonicTime(nanoseconds: .min)
        }
        return min(first.begin + interval, last.begin + slice)
    }

    /// Notes an operation.
    ///
    /// - Parameter successes: The successes there have been since the beginning, this one not included.
    mutating func note(isFailure: Bool, successes: Int, _ now: MonotonicTime) {
        slices.removeAll { $0.begin + interval <= now }
        if slices.last.map({ $0.begin + slice <= now }) ?? true {
            slices.append(Slice(begin: now, successesBefore: successes))
        }
        if isFailure { slices[slices.count - 1].failures += 1 }
        failures = slices.reduce(0) { $0 + $1.failures }
        operations = failures + successes + (isFailure ? 0 : 1) - slices[0].successesBefore
    }
}
