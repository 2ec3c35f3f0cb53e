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
}

/// A command, or a few sent as one, whose replies have not all come.
struct PendingCommand {
    typealias Waiter = UnsafeContinuation<Outcome, Never>

    /// Who waits for the replies.
    enum Completion {
        case one(Waiter)
        case pair(Waiter, first: RESPValue?)
        case several(Waiter, replies: [RESPValue], count: Int)
        /// The pipe itself; nil when the connection ended first.
        case internally((RESPValue?) -> Void)
        /// Nobody any more: cancelled or too late. The replies are read and dropped, and the pipe goes on. Of a write it is noted
        /// that it was answered after all.
        case abandoned(left: Int, UnansweredCommand?)

        /// Somebody who waits for the replies to so many commands, at least one.
        init(_ waiter: Waiter, count: Int) {
            switch count {
            case 1: self = .one(waiter)
            case 2: self = .pair(waiter, first: nil)
            default:
                var replies: [RESPValue] = []
                replies.reserveCapacity(count)
                self = .several(waiter, replies: replies, count: count)
            }
        }
    }

    var completion: Completion
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

    var isAbandoned: Bool {
        if case .abandoned = completion { true } else { false }
    }

    /// Takes a reply; true when it was the last one.
    mutating func take(_ reply: RESPValue) -> Bool {
        switch completion {
        case .one(let waiter):
            waiter.resume(returning: .success(.one(reply)))
            return true
        case .pair(let waiter, let first):
            guard let first else {
                completion = .pair(waiter, first: reply)
                return false
            }
            waiter.resume(returning: .success(.pair(first, reply)))
            return true
        case .several(let waiter, var replies, let count):
            // The array leaves its place while it grows, so that it is never copied.
            completion = .abandoned(left: 0, nil)
            replies.append(reply)
            if replies.count == count {
                waiter.resume(returning: .success(.several(replies)))
                return true
            }
            completion = .several(waiter, replies: replies, count: count)
            return false
        case .internally(let receive):
            receive(reply)
            return true
        case .abandoned(let left, let command):
            if left <= 1 { command?.end(.answered(reply)) }
            completion = .abandoned(left: left - 1, command)
            return left <= 1
        }
    }

    /// Lets whoever waits go with an error; the replies still to come are dropped. The error knows the command if it is a
    /// write that may have been executed or may yet be.
    mutating func abandon(_ error: RedisError) {
        let command = isWrite && error.isOutcomeUnknown ? UnansweredCommand() : nil
        switch completion {
        case .one(let waiter):
            completion = .abandoned(left: 1, command)
            waiter.resume(returning: .failure(error.leaving(command)))
        case .pair(let waiter, let first):
            completion = .abandoned(left: first == nil ? 2 : 1, command)
            waiter.resume(returning: .failure(error.leaving(command)))
        case .several(let waiter, let replies, let count):
            completion = .abandoned(left: count - replies.count, command)
            waiter.resume(returning: .failure(error.leaving(command)))
        case .internally(let receive):
            completion = .abandoned(left: 1, nil)
            receive(nil)
        case .abandoned: break
        }
    }

    /// The error that the server has answered last, where more replies were to come.
    var lastError: RESPError? {
        let last: RESPValue? =
            switch completion {
            case .pair(_, let first): first
            case .several(_, let replies, _): replies.last
            case .one, .internally, .abandoned: nil
            }
        return if case .error(let error)? = last { error } else { nil }
    }

    /// The write that somebody may want to know the end of.
    var unanswered: UnansweredCommand? {
        if case .abandoned(_, let command) = completion { command } else { nil }
    }
}
