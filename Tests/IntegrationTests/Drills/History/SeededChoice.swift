import TestSupport

/// Small choices from a seed.
struct SeededChoice {
    private var generator: SplitMix64

    init(_ seed: Int) { generator = SplitMix64(seed: UInt64(bitPattern: Int64(seed))) }

    /// From 0 up to, and without, `bound`.
    mutating func next(below bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }
}
