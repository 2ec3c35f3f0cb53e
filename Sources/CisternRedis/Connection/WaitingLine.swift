internal import DequeModule

/// The callers that wait for a connection, first come, first served. No I/O.
struct WaitingLine<Place> {
    private struct Entry {
        let number: Int
        let place: Place
    }

    private var entries = Deque<Entry>()

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    /// Numbers count up, or nearly so: they are taken shortly before.
    mutating func append(_ place: Place, number: Int) {
        entries.append(Entry(number: number, place: place))
    }

    mutating func popFirst() -> Place? { entries.popFirst()?.place }

    /// Takes out whoever gave up; nil when it has been served.
    mutating func remove(_ number: Int) -> Place? {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].number < number { low = middle + 1 } else { high = middle }
        }
        if low == entries.count || entries[low].number != number {
            guard let index = entries.firstIndex(where: { $0.number == number }) else { return nil }
            low = index
        }
        return entries.remove(at: low).place
    }

    mutating func removeAll() -> [Place] {
        defer { entries.removeAll() }
        return entries.map(\.place)
    }
}
