/// What the service must know of one key without Redis, and since when.
struct KeyKnowledge {
    /// Acknowledged PUTs, each of which leaves a copy; and what may take it away.
    private let writes: LatestBefore<Void>
    private let erasures: LatestBefore<Void>
    /// Reads from Redis leave a copy where no write came between.
    private let reads: LatestBefore<Void>
    private let disturbances: LatestBefore<Void>
    /// By when anything may have confirmed the copy, whatever came of it.
    private let confirmations: LatestBefore<Void>

    init(_ operations: [Operation]) {
        /// With the ends swapped, the question becomes: of those that had begun, which ended last?
        func swapped(_ operations: [Operation], unknownEnds: Bool = true) -> LatestBefore<Void> {
            LatestBefore(
                operations.map { operation in
                    let isUnknown = operation.outcome == .unknown
                    return (isUnknown ? .seconds(1 << 32) : operation.end, operation.start, ())
                })
        }
        func plain(_ operations: [Operation]) -> LatestBefore<Void> {
            LatestBefore(operations.map { ($0.start, $0.end, ()) })
        }
        let absences = operations.filter { $0.kind == .get && $0.status == 404 }
        let changes = operations.filter { $0.kind != .get }
        writes = plain(changes.filter { $0.kind == .put && ($0.outcome == .stored || $0.outcome == .kept) })
        erasures = swapped(absences + changes.filter { $0.kind == .delete || $0.outcome == .unknown })
        reads = plain(operations.filter { $0.kind == .get && $0.status == 200 && !$0.isLocal })
        disturbances = swapped(absences + changes)
        confirmations = swapped(changes + operations.filter { $0.kind == .get && !$0.isLocal })
    }

    /// Whether a read must find a copy: the key was read or written before, and nothing has taken the copy away since.
    func mustHaveCopy(for read: Operation) -> Bool {
        func holds(_ makers: LatestBefore<Void>, _ takers: LatestBefore<Void>) -> Bool {
            guard let maker = makers.at(read.start) else { return false }
            return (takers.at(read.end)?.start ?? .seconds(-2)) < maker.start
        }
        return holds(writes, erasures) || holds(reads, disturbances)
    }

    /// The ages, in seconds, that a copy served by `read` can have. Whole seconds may be rounded either way.
    func ages(for read: Operation) -> ClosedRange<Int> {
        let youngest = confirmations.at(read.end).map { (read.start - $0.start) / .seconds(1) } ?? 0
        let oldest = writes.at(read.start).map { (read.end - $0.start) / .seconds(1) } ?? 1e6
        let low = max(0, Int(youngest.rounded(.down)) - 1)
        return low...max(low, Int(oldest.rounded(.up)))
    }
}
