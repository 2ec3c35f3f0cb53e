internal import Synchronization

/// A number with one writer, so that adding needs no locked instruction.
package final class LoopCounter: Sendable {
    private let number: Atomic<Int>

    package init(_ initial: Int = 0) { number = Atomic(initial) }

    package var value: Int { number.load(ordering: .relaxed) }

    package func add(_ n: Int = 1) {
        number.store(number.load(ordering: .relaxed) &+ n, ordering: .relaxed)
    }

    package func set(_ n: Int) {
        number.store(n, ordering: .relaxed)
    }
}
