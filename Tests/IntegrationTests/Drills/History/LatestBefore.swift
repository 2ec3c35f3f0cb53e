/// Of those intervals that had ended before a point in time, the one that began last; found in logarithmic time.
struct LatestBefore<Item> {
    private var ends: [Duration] = []
    /// For each end, the item of the latest start among those that have ended by then.
    private var best: [(start: Duration, item: Item)] = []

    init(_ intervals: [(start: Duration, end: Duration, item: Item)]) {
        for interval in intervals.sorted(by: { $0.end < $1.end }) {
            ends.append(interval.end)
            if let last = best.last, last.start >= interval.start {
                best.append(last)
            } else {
                best.append((interval.start, interval.item))
            }
        }
    }

    /// nil when none had ended at or before `time`.
    func at(_ time: Duration) -> (start: Duration, item: Item)? {
        var (low, high) = (0, ends.count)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : best[low - 1]
    }
}
