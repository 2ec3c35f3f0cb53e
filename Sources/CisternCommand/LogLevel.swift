internal import Logging
internal import Synchronization

/// A level that can change while others log.
final class LogLevel: Sendable {
    /// From the least important to the most.
    private static let all = Logger.Level.allCases

    private let index: Atomic<Int>

    init(_ level: Logger.Level) { index = Atomic(Self.index(of: level)) }

    var value: Logger.Level {
        get { Self.all[index.load(ordering: .relaxed)] }
        set { index.store(Self.index(of: newValue), ordering: .relaxed) }
    }

    private static func index(of level: Logger.Level) -> Int { all.firstIndex(of: level) ?? 0 }
}
