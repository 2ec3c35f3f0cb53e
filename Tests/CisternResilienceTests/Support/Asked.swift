import CisternBytes
import CisternLocks

/// A question whose answers a test gives when it likes: a probe, a check, an attempt.
final class Asked<Answer: Sendable>: Sendable {
    private struct State {
        var calls = 0
        var cancelled = 0
        var always: Answer?
        var waiting: [(number: Int, continuation: CheckedContinuation<Answer, Never>)] = []
    }

    private let state: Locked<State>
    private let whenCancelled: Answer?

    /// - Parameters:
    ///   - always: The answer at once; nil for one that waits until it is given.
    ///   - whenCancelled: The answer when the task that waits is cancelled; nil for going on to wait.
    init(always: Answer? = nil, whenCancelled: Answer? = nil) {
        state = Locked(State(always: always))
        self.whenCancelled = whenCancelled
    }

    /// How often it was asked.
    var calls: Int { state.withLock { $0.calls } }
    /// How many wait for an answer.
    var waiting: Int { state.withLock { $0.waiting.count } }
    /// How many were cancelled while they waited.
    var cancelled: Int { state.withLock { $0.cancelled } }

    /// Answers from now on at once.
    func answerAlways(_ answer: Answer?) { state.withLock { $0.always = answer } }

    /// Answers who has waited longest.
    func answer(_ answer: Answer) {
        state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst().continuation }?.resume(returning: answer)
    }

    /// Answers everyone, and from now on at once: a test leaves nobody waiting, else what waits is never freed.
    func end(_ answer: Answer, _ scheduler: ManualScheduler) {
        answerAlways(answer)
        while waiting > 0 { self.answer(answer) }
        scheduler.run()
    }

    func ask() async -> Answer {
        let (number, answer) = state.withLock { state in
            state.calls += 1
            return (state.calls, state.always)
        }
        if let answer { return answer }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.waiting.append((number, continuation)) }
                if Task.isCancelled { cancel(number) }
            }
        } onCancel: {
            cancel(number)
        }
    }

    private func cancel(_ number: Int) {
        let continuation: CheckedContinuation<Answer, Never>? = state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.number == number }) else { return nil }
            state.cancelled += 1
            return whenCancelled == nil ? nil : state.waiting.remove(at: index).continuation
        }
        if let whenCancelled { continuation?.resume(returning: whenCancelled) }
    }
}

/// What was observed, in order.
final class Log<Entry: Sendable>: Sendable {
    private let list = Locked<[Entry]>([])

    var entries: [Entry] { list.withLock { $0 } }

    func add(_ entry: Entry) { list.withLock { $0.append(entry) } }
}

struct Refused: Error, Equatable {}

/// Whether something that other threads do comes true; asks every millisecond, and gives up after a while.
func soon(_ condition: () -> Bool) async -> Bool {
    for _ in 0..<20_000 {
        if condition() { return true }
        try? await Task.sleep(for: .milliseconds(1))
    }
    return condition()
}
