import CisternBytes
import CisternSockets
import TestSupport
import Testing

struct TimerQueueTests {
    /// The same, without any thought for speed.
    private struct Model {
        var timers: [(deadline: MonotonicTime, label: Int)] = []

        mutating func takeDue(_ now: MonotonicTime) -> [Int] {
            let due = timers.filter { $0.deadline <= now }.sorted { ($0.deadline, $0.label) < ($1.deadline, $1.label) }
            timers.removeAll { $0.deadline <= now }
            return due.map(\.label)
        }
    }

    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func firesWhatANaiveModelFiresAndInItsOrder(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var queue = TimerQueue()
        var model = Model()
        let fired = Log<Int>()
        var ids: [TimerID] = []
        var now: Int64 = 0
        for _ in 0..<3000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let label = ids.count
                let deadline = MonotonicTime(nanoseconds: now + Int64.random(in: -5...200, using: &random))
                model.timers.append((deadline, label))
                ids.append(queue.schedule(at: deadline) { fired.add(label) })
            case 5..<9:
                // Of those that have fired or were cancelled as well; seldom all, so that the queue is tidied up.
                let clears = Int.random(in: 0..<100, using: &random) == 0
                let chosen = clears ? Array(ids.indices) : [Int.random(in: 0...ids.count, using: &random)]
                for label in chosen where label < ids.count {
                    let isLive = model.timers.contains { $0.label == label }
                    #expect((queue.cancel(ids[label]) != nil) == isLive)
                    model.timers.removeAll { $0.label == label }
                }
            default:
                now += Int64.random(in: 0...60, using: &random)
                let time = MonotonicTime(nanoseconds: now)
                let before = fired.entries.count
                while let action = queue.popDue(time) { action() }
                #expect(Array(fired.entries[before...]) == model.takeDue(time))
            }
            #expect(queue.count == model.timers.count)
            if let first = model.timers.map(\.deadline).min() {
                #expect((queue.earliest ?? .distantFuture) <= first, "the loop would sleep too long")
            }
        }
    }

    @Test func isEmptyAgainWhenAllAreCancelled() {
        var queue = TimerQueue()
        let ids = (0..<1000).map { queue.schedule(at: MonotonicTime(nanoseconds: $0)) {} }
        for id in ids { _ = queue.cancel(id) }
        #expect(queue.earliest == nil)
        #expect(queue.count == 0)
    }

    @Test func forgetsThePlacesOfCancelledTimersWhenTheyOutnumberTheLive() {
        var queue = TimerQueue()
        let late = MonotonicTime(nanoseconds: 1_000_000)
        for _ in 0..<100 { _ = queue.schedule(at: late) {} }
        for time in 0..<10_000 {
            _ = queue.cancel(queue.schedule(at: MonotonicTime(nanoseconds: Int64(time))) {})
            #expect(queue.places <= 202)
        }
    }

    @Test func theEarliestOfAllTimesIsDueAndTheLatestNever() {
        var queue = TimerQueue()
        _ = queue.schedule(at: MonotonicTime(nanoseconds: .min)) {}
        _ = queue.schedule(at: .distantFuture) {}
        #expect(queue.popDue(.now) != nil)
        #expect(queue.popDue(.now) == nil)
        #expect(queue.earliest == .distantFuture)
    }
}
