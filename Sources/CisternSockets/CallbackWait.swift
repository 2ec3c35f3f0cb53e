package import CisternBytes
internal import CisternLocks

/// The one answer of something that calls back, from whichever thread answers first.
private final class FirstAnswer<Answer: Sendable>: Sendable {
    private enum State {
        case open
        case waiting(UnsafeContinuation<Answer?, Never>)
        case answered(Answer?)
        case over
    }

    private let state = Locked(State.open)

    func wait(_ continuation: UnsafeContinuation<Answer?, Never>) {
        let answer: Answer?? = state.withLock { state in
            if case .answered(let answer) = state {
                state = .over
                return .some(answer)
            }
            state = .waiting(continuation)
            return nil
        }
        if let answer { continuation.resume(returning: answer) }
    }

    func give(_ answer: Answer?) {
        let continuation: UnsafeContinuation<Answer?, Never>? = state.withLock { state in
            switch state {
            case .open: state = .answered(answer)
            case .waiting(let continuation):
                state = .over
                return continuation
            case .answered, .over: break
            }
            return nil
        }
        continuation?.resume(returning: answer)
    }
}

extension EventLoop {
    /// Waits for something that calls back once, from any thread; nil when the deadline passes or the task is
    /// cancelled first. To be called on the loop.
    package func waitForCallback<Answer: Sendable>(
        until deadline: MonotonicTime, isolation: isolated (any Actor)? = #isolation,
        _ start: (@escaping @Sendable (Answer) -> Void) -> Void
    ) async -> Answer? {
        let first = FirstAnswer<Answer>()
        let timer = schedule(at: deadline) { first.give(nil) }
        start { first.give($0) }
        let answer = await withTaskCancellationHandler {
            // Captured, so that the closure stays where its function is.
            _ = isolation
            return await withUnsafeContinuation { first.wait($0) }
        } onCancel: {
            first.give(nil)
        }
        cancel(timer)
        return answer
    }

    /// Waits on the loop until `deadline`, or until the task is cancelled.
    package func sleep(until deadline: MonotonicTime, isolation: isolated (any Actor)? = #isolation) async {
        let _: Never? = await waitForCallback(until: deadline) { _ in }
    }
}
