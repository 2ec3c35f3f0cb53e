internal import CisternLocks
internal import Glibc

/// Since when a client's server is not healthy, or a breaker not closed.
final class Degradation: Sendable {
    struct Witnesses: OptionSet, Sendable {
        let rawValue: UInt8
        static let breaker = Self(rawValue: 1)
        static let writeBreaker = Self(rawValue: 2)
        static let health = Self(rawValue: 4)
    }

    private struct State: Sendable {
        /// Who says that not all is well. Of the server's health nothing is known at first.
        var complaints = Witnesses.health
        var since: Int?
    }
    private let state: Locked<State>

    init() { state = Locked(State(since: Self.now)) }

    /// In seconds since 1970-01-01 UTC; nil while all is well.
    var since: Int? { state.withLock { $0.since } }

    func note(_ witness: Witnesses, isWell: Bool) {
        state.withLock { state in
            if isWell { state.complaints.remove(witness) } else { state.complaints.insert(witness) }
            state.since = state.complaints.isEmpty ? nil : state.since ?? Self.now
        }
    }

    private static var now: Int { time(nil) }
}
