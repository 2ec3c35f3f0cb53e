package import Synchronization

/// A number with one writer, so that adding needs no locked instruction.
// Inlinable, since every request counts some: a call of another module costs more than the addition.
package struct LoopCounter: ~Copyable, Sendable {
    @usableFromInline let number: Atomic<Int>

    @inlinable
    package init(_ initial: Int = 0) { number = Atomic(initial) }

    @inlinable
    package var value: Int { number.load(ordering: .relaxed) }

    @inlinable
    package func add(_ n: Int = 1) {
        number.store(number.load(ordering: .relaxed) &+ n, ordering: .relaxed)
    }

    @inlinable
    package func set(_ n: Int) {
        number.store(n, ordering: .relaxed)
    }
}
