internal import CisternBytes
internal import CisternSockets

/// What came of a load with a constant rate.
struct OpenLoopReport {
    /// Times of the answers, from when their requests were due.
    let times = LatencyHistogram()
    /// How late requests were sent for which there was a connection: what the generator itself has added to their times.
    let lag = LatencyHistogram()
    private(set) var longest: Int64 = 0
    private(set) var answered = 0
    private(set) var statuses: [Int: Int] = [:]
    private(set) var wrongStatuses = 0
    /// Requests whose connection ended before their answer, or whose answer was no HTTP.
    var broken = 0
    /// Requests without an answer at the end.
    var unanswered = 0
    var seconds = 0.0

    var done: Int { answered + broken }
    var errors: Int { wrongStatuses + broken + unanswered }
    var perSecond: Double { Double(answered) / seconds }

    var summary: LatencySummary { LatencyHistogram.summary(of: [times]) }

    /// Whether its own lateness is large enough to be seen in what it measures.
    var isGeneratorLate: Bool { LatencyHistogram.summary(of: [lag]).p99 > .milliseconds(1) }

    mutating func record(nanoseconds: Int64, status: Int, isError: Bool) {
        times.record(nanoseconds: nanoseconds)
        longest = max(longest, nanoseconds)
        answered += 1
        statuses[status, default: 0] += 1
        if isError { wrongStatuses += 1 }
    }
}
