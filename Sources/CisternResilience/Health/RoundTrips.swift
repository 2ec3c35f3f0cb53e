/// The times of the last checks.
struct RoundTrips: Sendable {
    private static let kept = 128

    private var times: [Duration] = []
    private var next = 0

    mutating func add(_ time: Duration) {
        if times.count < Self.kept {
            times.append(time)
        } else {
            times[next] = time
            next = (next + 1) % Self.kept
        }
    }

    /// The least time that `percent` of them do not exceed; nil while there are none.
    func percentile(_ percent: Int) -> Duration? {
        guard !times.isEmpty else { return nil }
        let rank = (times.count * percent + 99) / 100
        return times.sorted()[max(0, rank - 1)]
    }
}
