/// All that happened in a drill: what the clients saw, and what was done to Redis.
struct History: Sendable {
    /// What Redis cannot do in an outage.
    enum Reach: Sendable {
        case everything
        /// Reads go on.
        case writes
    }

    /// From when it was sure that Redis could not be used, until it might have been used again.
    struct Outage: Sendable {
        var start: Duration
        var end: Duration
        var reach = Reach.everything

        func contains(_ operation: Operation) -> Bool { operation.start >= start && operation.end <= end }
    }

    var operations: [Operation] = []
    var outages: [Outage] = []
    /// When Redis had lost all its data.
    var losses: [Duration] = []
    /// What Redis held before the service knew anything.
    var seeds: [String: WrittenValue] = [:]
    /// What somebody else wrote to Redis meanwhile; nil for a key deleted. No rule says what it does to pending writes.
    var outside: [OutsideWrite] = []
    /// Keys that several clients write.
    var sharedKeys: Set<String> = []
    /// After this long every answer has come.
    var deadline = Duration.milliseconds(1050)
    /// Statuses that this drill provokes, such as 507 for a PUT.
    var provoked: [Operation.Kind: Set<Int>] = [:]

    /// When the machine did not let anybody run, as far as a thread could notice that only slept.
    struct Pause: Sendable {
        var start: Duration
        var end: Duration
    }
    var pauses: [Pause] = []

    /// How long an operation took, without the time in which the machine stood still.
    func time(of operation: Operation) -> Duration {
        pauses.reduce(operation.end - operation.start) { time, pause in
            time - max(.zero, min(operation.end, pause.end) - max(operation.start, pause.start))
        }
    }

    struct OutsideWrite: Sendable {
        var key: String
        var value: WrittenValue?
        var start: Duration
        var end: Duration
    }

    /// What is left when the drill is over, and `/stats` says that nothing is pending.
    struct Remains: Sendable {
        /// What Redis holds under each key that was used; absent where it holds nothing.
        var content: [String: Operation.Content] = [:]
        /// `pending.conflicts`.
        var conflicts = 0
    }
}

/// A promise that a history breaks.
struct Violation: Sendable, CustomStringConvertible {
    enum Rule: String, Sendable, CaseIterable {
        /// (a) An acknowledged write is neither in Redis nor counted as a conflict.
        case lost
        /// (b) A deleted value was read again.
        case revived
        /// (c) A value older than one already read from Redis.
        case older
        /// A value older than an acknowledged write.
        case stale
        /// (d) 404 for a key that exists, or of which nobody could know that it does not.
        case falseNotFound
        /// (e) An answer after its deadline, or none.
        case late
        /// (f) 5xx for a key that was known, or for a plain write.
        case refused
        /// A value that nobody wrote, or not yet.
        case invented
        /// A status or a header that the contract does not have there.
        case form
        /// An age that cannot be.
        case age
    }

    var rule: Rule
    var text: String
    /// Whose story explains it, and until when; nil where the answer alone is wrong.
    var key: String?
    var time: Duration?

    init(_ rule: Rule, _ text: String) { (self.rule, self.text) = (rule, text) }

    init(_ rule: Rule, _ operation: Operation, _ why: String) {
        self.init(rule, "\(operation)\(why)")
        (key, time) = (operation.key, operation.end)
    }

    var description: String { "\(rule.rawValue): \(text)" }
}
