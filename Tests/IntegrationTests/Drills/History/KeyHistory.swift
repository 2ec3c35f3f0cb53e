/// What happened to one key, ordered so that each read is judged in logarithmic time.
///
/// The judgement is that of a register in real time: a value is too old when another write began after the value's own
/// write had ended, and had itself been acknowledged before the read began. Two writes at the same time have no order.
struct KeyHistory {
    /// A change of what the key holds.
    struct Write {
        /// nil where the key is gone.
        var value: WrittenValue?
        var start: Duration
        var end: Duration
        var outcome: Operation.Outcome
        var text: String
    }

    /// Before everything.
    private static let beginning = Duration.seconds(-1)
    /// A write of which nobody knows whether it happened may happen at any time.
    private static let never = Duration.seconds(1 << 32)

    let key: String
    let writes: [Write]
    let reads: [Operation]
    /// When Redis had lost its data.
    private let losses: [Duration]
    private let writeOfValue: [WrittenValue: Int]
    /// Writes that no later read may be older than.
    private let binding: LatestBefore<Int>
    /// By what reads from Redis have shown; the item is the read.
    private let shownValues: LatestBefore<Int>
    private let shownAbsences: LatestBefore<Int>

    init(_ key: String, _ operations: [Operation], _ history: History) {
        self.key = key
        losses = history.losses
        let seed = history.seeds[key]
        var writes = [
            Write(
                value: seed, start: Self.beginning, end: Self.beginning, outcome: .stored,
                text: seed == nil ? "no value at first" : "the first value")
        ]
        let outside = history.outside.filter { $0.key == key }
        for write in outside {
            writes.append(
                Write(value: write.value, start: write.start, end: Self.never, outcome: .unknown, text: "outside"))
        }
        for operation in operations {
            guard let outcome = operation.outcome, outcome != .refused else { continue }
            writes.append(
                Write(
                    value: operation.written, start: operation.start,
                    end: outcome == .unknown ? Self.never : operation.end, outcome: outcome,
                    text: operation.description))
        }
        self.writes = writes
        let reads = operations.filter { $0.kind == .get }
        self.reads = reads
        var writeOfValue: [WrittenValue: Int] = [:]
        for (index, write) in writes.enumerated() {
            if let value = write.value { writeOfValue[value] = index }
        }
        self.writeOfValue = writeOfValue
        // Where others write as well, a kept write may lose to theirs.
        let isContested = history.sharedKeys.contains(key) || !outside.isEmpty
        binding = LatestBefore(
            writes.indices.filter { writes[$0].outcome == .stored || (writes[$0].outcome == .kept && !isContested) }
                .map { (writes[$0].start, writes[$0].end, $0) })
        let fromRedis = reads.indices.filter { !reads[$0].isLocal }
        shownValues = LatestBefore(
            fromRedis.compactMap { index in
                guard case .value(let value) = reads[index].content, let write = writeOfValue[value] else { return nil }
                return (writes[write].start, reads[index].end, index)
            })
        shownAbsences = LatestBefore(
            fromRedis.filter { reads[$0].status == 404 }.map { (reads[$0].start, reads[$0].end, $0) })
    }

    /// The write that a read has seen the result of; for an absence the latest that explains it. nil for none.
    func source(of read: Operation) -> Write? {
        guard read.status == 404 else {
            guard case .value(let value) = read.content, let index = writeOfValue[value] else { return nil }
            return writes[index].start <= read.end ? writes[index] : nil
        }
        if !read.isLocal { return absence(by: read.end) }
        // Without Redis, a delete is the only reason to say so.
        return writes.filter { $0.value == nil && (.zero...read.end).contains($0.start) }.max { $0.end < $1.end }
    }

    /// The latest reason why Redis may hold nothing.
    func absence(by time: Duration) -> Write? {
        let losses = losses.map { Write(value: nil, start: $0, end: $0, outcome: .stored, text: "Redis lost its data") }
        return (writes + losses).filter { $0.value == nil && $0.start <= time }.max { $0.end < $1.end }
    }

    func write(of value: WrittenValue) -> Write? { writeOfValue[value].map { writes[$0] } }

    /// An acknowledged write that a read of `source` should have shown instead.
    func binding(_ source: Write, for read: Operation) -> Write? {
        guard let last = binding.at(read.start), last.start > source.end else { return nil }
        return writes[last.item]
    }

    /// An earlier read from Redis that showed something later than `source`.
    func shown(_ source: Write, before read: Operation) -> Operation? {
        guard let last = shownValues.at(read.start), last.start > source.end else { return nil }
        return reads[last.item]
    }

    /// An earlier read from Redis that found nothing, after `source` had been acknowledged.
    func absenceShown(after source: Write, before read: Operation) -> Operation? {
        guard let last = shownAbsences.at(read.start), last.start > source.end else { return nil }
        return reads[last.item]
    }
}
