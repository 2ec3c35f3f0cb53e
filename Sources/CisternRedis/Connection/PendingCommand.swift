internal import CisternBytes
internal import CisternRESP
internal import CisternSockets

/// How an exchange with the server ended.
typealias Outcome = Result<Replies, RedisError>

/// What the server answered to a command, or to a few that were sent as one. The shapes that are common need no array.
enum Replies: Sendable {
    case one(RESPValue)
    case pair(RESPValue, RESPValue)
    case several([RESPValue])

    /// The reply to the first command.
    var first: RESPValue {
        switch self {
        case .one(let reply), .pair(let reply, _): reply
        case .several(let replies): replies[0]
        }
    }

    /// All of them in order.
    var all: [RESPValue] {
        switch self {
        case .one(let reply): [reply]
        case .pair(let first, let second): [first, second]
        case .several(let replies): replies
        }
    }

    /// The first that is an error.
    var error: RESPError? {
        switch self {
        case .one(.error(let error)), .pair(.error(let error), _), .pair(_, .error(let error)): return error
        case .one, .pair: return nil
        case .several(let replies):
            for case .error(let error) in replies { return error }
            return nil
        }
    }
}

extension Outcome {
    /// The same, where an error among the replies is the failure that it stands for.
    var failingOnError: Outcome {
        if case .success(let replies) = self, let error = replies.error {
            .failure(ErrorHandler.classify(error))
        } else {
            self
        }
    }

    func failing(onError fails: Bool) -> Outcome { fails ? failingOnError : self }
}

/// A command, or a few sent as one, whose replies have not all come.
struct PendingCommand {
    typealias Waiter = UnsafeContinuation<Outcome, Never>

    /// Who waits for the replies.
    enum Completion {
        case waiter(Waiter)
        /// The pipe itself, for one reply; nil when the connection ended first.
        case internally((RESPValue?) -> Void)
        /// Nobody any more: cancelled or too late. The replies are read and dropped, and the pipe goes on. Of a write it is noted
        /// that it was answered after all.
        case abandoned(UnansweredCommand?)
    }

    private var completion: Completion
    /// How many replies are to come, at least one.
    let count: Int
    /// By which it can be cancelled; 0 where nobody does.
    let number: Int
    let deadline: MonotonicTime
    /// Whether what becomes of it matters after its caller has gone.
    let isWrite: Bool
    let sentAt: MonotonicTime
    /// Commands that were before it when it was sent.
    let ahead: Int
    /// Where in the stream of written bytes the command begins.
    let start: Int

    init(
        _ completion: Completion, count: Int, _ limit: OperationLimit, isWrite: Bool, sentAt: MonotonicTime,
        ahead: Int, start: Int
    ) {
        self.completion = completion
        self.count = count
        number = limit.number
        deadline = limit.deadline
        self.isWrite = isWrite
        self.sentAt = sentAt
        self.ahead = ahead
        self.start = start
    }

    var isAbandoned: Bool {
        if case .abandoned = completion { true } else { false }
    }

    /// Gives the replies to whoever waits for them.
    ///
    /// - Parameter earlier: Those before the last one.
    func complete(_ earlier: consuming EarlierReplies, _ last: RESPValue) {
        switch completion {
        case .waiter(let waiter): waiter.resume(returning: .success(earlier.completed(by: last)))
        case .internally(let receive): receive(last)
        case .abandoned(let command): command?.end(.answered(last))
        }
    }

    /// Lets whoever waits go with an error; the replies still to come are dropped. The error knows the command if it is a
    /// write that may have been executed or may yet be.
    mutating func abandon(_ error: RedisError) {
        let command = isWrite && error.isOutcomeUnknown ? UnansweredCommand() : nil
        switch completion {
        case .waiter(let waiter):
            completion = .abandoned(command)
            waiter.resume(returning: .failure(error.leaving(command)))
        case .internally(let receive):
            completion = .abandoned(nil)
            receive(nil)
        case .abandoned: break
        }
    }

    /// The write that somebody may want to know the end of.
    var unanswered: UnansweredCommand? {
        if case .abandoned(let command) = completion { command } else { nil }
    }
}

/// The replies to the command whose turn it is, where more are to come. The first needs no array.
enum EarlierReplies {
    case none
    case one(RESPValue)
    case several([RESPValue])

    /// - Parameter count: How many there will be.
    mutating func append(_ reply: RESPValue, of count: Int) {
        switch consume self {
        case .none: self = .one(reply)
        case .one(let first):
            var replies: [RESPValue] = []
            replies.reserveCapacity(count)
            replies += [first, reply]
            self = .several(replies)
        case .several(var replies):
            replies.append(reply)
            self = .several(replies)
        }
    }

    consuming func completed(by last: RESPValue) -> Replies {
        switch consume self {
        case .none: return .one(last)
        case .one(let first): return .pair(first, last)
        case .several(var replies):
            replies.append(last)
            return .several(replies)
        }
    }

    /// The last one, where it is an error.
    var lastError: RESPError? {
        switch self {
        case .one(.error(let error)): return error
        case .several(let replies): if case .error(let error)? = replies.last { return error } else { return nil }
        case .none, .one: return nil
        }
    }
}
