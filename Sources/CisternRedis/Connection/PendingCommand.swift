internal import CisternBytes
internal import CisternRESP
internal import CisternSockets

/// How an exchange with the server ended.
typealias Outcome<Replies> = Result<Replies, RedisError>

/// A command, or a few sent as one, whose replies have not all come.
struct PendingCommand {
    /// Who waits for the replies. Several shapes, so that the common ones need no array.
    enum Completion {
        case one(UnsafeContinuation<Outcome<RESPValue>, Never>)
        case pair(UnsafeContinuation<Outcome<(RESPValue, RESPValue)>, Never>, first: RESPValue?)
        case several(UnsafeContinuation<Outcome<[RESPValue]>, Never>, replies: [RESPValue], count: Int)
        /// The pipe itself; nil when the connection ended first.
        case internally((RESPValue?) -> Void)
        /// Nobody any more: cancelled or too late. The replies are read and dropped, and the pipe goes on. Of a write it is noted
        /// that it was answered after all.
        case abandoned(left: Int, UnansweredCommand?)
    }

    var completion: Completion
    /// By which it can be cancelled.
    let number: Int
    let deadline: MonotonicTime
    /// Whether what becomes of it matters after its caller has gone.
    let isWrite: Bool
    /// Where in the stream of written bytes the command begins.
    let start: Int

    var isAbandoned: Bool {
        if case .abandoned = completion { true } else { false }
    }

    /// Takes a reply; true when it was the last one.
    mutating func take(_ reply: RESPValue) -> Bool {
        switch completion {
        case .one(let continuation):
            continuation.resume(returning: .success(reply))
            return true
        case .pair(let continuation, let first):
            guard let first else {
                completion = .pair(continuation, first: reply)
                return false
            }
            continuation.resume(returning: .success((first, reply)))
            return true
        case .several(let continuation, var replies, let count):
            // The array leaves its place while it grows, so that it is never copied.
            completion = .abandoned(left: 0, nil)
            replies.append(reply)
            if replies.count == count {
                continuation.resume(returning: .success(replies))
                return true
            }
            completion = .several(continuation, replies: replies, count: count)
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
        case .one(let continuation):
            completion = .abandoned(left: 1, command)
            continuation.resume(returning: .failure(error.leaving(command)))
        case .pair(let continuation, let first):
            completion = .abandoned(left: first == nil ? 2 : 1, command)
            continuation.resume(returning: .failure(error.leaving(command)))
        case .several(let continuation, let replies, let count):
            completion = .abandoned(left: count - replies.count, command)
            continuation.resume(returning: .failure(error.leaving(command)))
        case .internally(let receive):
            completion = .abandoned(left: 1, nil)
            receive(nil)
        case .abandoned: break
        }
    }

    /// The error that the server has answered last, where more replies were to come.
    var lastError: RESPError? {
        if case .several(_, let replies, _) = completion, case .error(let error)? = replies.last { error } else { nil }
    }

    /// The write that somebody may want to know the end of.
    var unanswered: UnansweredCommand? {
        if case .abandoned(_, let command) = completion { command } else { nil }
    }
}
