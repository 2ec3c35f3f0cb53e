public import Synchronization

/// A number with one writer, so that adding needs no locked instruction.
// Public, though no user of the library sees this room: what is `package` is not inlined in another room (Swift 6.3), and
// every request counts some.
public struct LoopCounter: ~Copyable, Sendable {
    @usableFromInline let number: Atomic<Int>

    @inlinable
    public init(_ initial: Int = 0) { number = Atomic(initial) }

    @inlinable
    public var value: Int { number.load(ordering: .relaxed) }

    @inlinable
    public func add(_ n: Int = 1) {
        number.store(number.load(ordering: .relaxed) &+ n, ordering: .relaxed)
    }

    @inlinable
    public func set(_ n: Int) {
        number.store(n, ordering: .relaxed)
    }
}
