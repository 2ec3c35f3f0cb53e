package import CisternBytes
internal import HeapModule

/// Names a timer, so that it can be cancelled.
package struct TimerID: Hashable {
    fileprivate let number: UInt64
}

/// The timers of one loop: what is to be done, and when. Time is an argument.
///
/// Cancelling only forgets the action; its place in the heap goes when its time comes, or when such places outnumber
/// the live ones. Connections re-arm lazily (a timer that fires early looks at the deadline and goes back to sleep), so
/// the queue is touched seldom and never once per request.
package struct TimerQueue {
    private struct Entry: Comparable {
        let deadline: MonotonicTime
        let id: UInt64
        static func < (a: Self, b: Self) -> Bool { (a.deadline, a.id) < (b.deadline, b.id) }
    }

    private var heap = Heap<Entry>()
    private var actions: [UInt64: () -> Void] = [:]
    private var nextID: UInt64 = 0

    package init() {}

    /// Timers that have neither fired nor been cancelled.
    package var count: Int { actions.count }

    /// Places in the heap, those of cancelled timers included.
    package var places: Int { heap.count }

    /// When the next timer is due. May be early by a cancelled one.
    package var earliest: MonotonicTime? { heap.min?.deadline }

    package mutating func schedule(at deadline: MonotonicTime, _ action: @escaping () -> Void) -> TimerID {
        nextID += 1
        heap.insert(Entry(deadline: deadline, id: nextID))
        actions[nextID] = action
        return TimerID(number: nextID)
    }

    /// Forgets a timer. The result is its action, which the caller drops; nil when it has fired or was cancelled before.
    package mutating func cancel(_ id: TimerID) -> (() -> Void)? {
        guard let action = actions.removeValue(forKey: id.number) else { return nil }
        if actions.isEmpty {
            heap = Heap()
        } else if heap.count > 64, heap.count > 2 * actions.count {
            heap = Heap(heap.unordered.filter { actions[$0.id] != nil })
        }
        return action
    }

    /// Takes out the action of one timer that is due; nil when none is.
    package mutating func popDue(_ now: MonotonicTime) -> (() -> Void)? {
        while let entry = heap.min, entry.deadline <= now {
            heap.removeMin()
            if let action = actions.removeValue(forKey: entry.id) { return action }
        }
        return nil
    }
}
