public import Synchronization

// Public, though no user of the library sees this room: what is `package` is not inlined in another room (Swift 6.3), and
// every request counts some.

/// A number with one writer, so that adding needs no locked instruction.
public struct LoopCounter: ~Copyable, Sendable {
    @usableFromInline let number: Atomic<Int>

    /// Begins with a number.
    @inlinable
    public init(_ initial: Int = 0) { number = Atomic(initial) }

    /// The number, for any thread.
    @inlinable
    public var value: Int { number.load(ordering: .relaxed) }

    /// Adds to it, on the writer's thread.
    @inlinable
    public func add(_ n: Int = 1) {
        number.store(number.load(ordering: .relaxed) &+ n, ordering: .relaxed)
    }

    /// Replaces it, on the writer's thread.
    @inlinable
    public func set(_ n: Int) {
        number.store(n, ordering: .relaxed)
    }
}
