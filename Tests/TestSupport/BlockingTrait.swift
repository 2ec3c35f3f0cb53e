import CisternBytes
import CisternLocks

// Not in the benchmarks, which link statically: there is no Testing for that.
#if canImport(Testing)
    package import Testing

    /// For tests that start processes and wait for sockets: they run on threads on which they may block, and only a few of
    /// them at a time, whatever the number of suites.
    package struct BlockingTrait: TestTrait, SuiteTrait, TestScoping {
        /// How many of the places a test takes.
        let places: Int

        package var isRecursive: Bool { true }

        package func provideScope(
            for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
        ) async throws {
            guard testCase != nil else { return try await function() }
            await Places.shared.take(places)
            defer { Places.shared.give(places) }
            try await withTaskExecutorPreference(BlockingThreads.shared) { try await function() }
        }
    }

    extension Trait where Self == BlockingTrait {
        /// The test blocks its thread; a few such tests run side by side.
        package static var blocking: Self { Self(places: 1) }

        /// The test blocks and measures time: no other test with a blocking trait runs beside it.
        package static var blockingAlone: Self { Self(places: Places.count) }
    }
#endif

/// A fair semaphore for tasks: who asks for many places is not overtaken for ever by those who ask for one.
private final class Places: Sendable {
    static let count = 4
    static let shared = Places()

    private struct State {
        var free = Places.count
        var waiting: [(places: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }
    private let state = Locked(State())

    func take(_ places: Int) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiting.append((places, continuation)) }
            resumeWaiting()
        }
    }

    func give(_ places: Int) {
        state.withLock { $0.free += places }
        resumeWaiting()
    }

    private func resumeWaiting() {
        while let next = state.withLock({ state -> CheckedContinuation<Void, Never>? in
            guard let first = state.waiting.first, first.places <= state.free else { return nil }
            state.free -= first.places
            return state.waiting.removeFirst().continuation
        }) {
            next.resume()
        }
    }
}
