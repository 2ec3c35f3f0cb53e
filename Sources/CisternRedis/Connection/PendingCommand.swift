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
        /// Nobody any more: cancelled or too late. The replies are read and dropped, and the pipe goes on.
        case abandoned(left: Int)
    }

    var completion: Completion
    /// By which it can be cancelled.
    let number: Int
    let deadline: MonotonicTime
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
            completion = .abandoned(left: 0)
            replies.append(reply)
            if replies.count == count {
                continuation.resume(returning: .success(replies))
                return true
            }
            completion = .several(continuation, replies: replies, count: count)
            return false
        case .abandoned(let left):
            completion = .abandoned(left: left - 1)
            return left <= 1
        }
    }

    /// Lets whoever waits go with an error; the replies still to come are dropped.
    mutating func abandon(_ error: RedisError) {
        switch completion {
        case .one(let continuation):
            completion = .abandoned(left: 1)
            continuation.resume(returning: .failure(error))
        case .pair(let continuation, let first):
            completion = .abandoned(left: first == nil ? 2 : 1)
            continuation.resume(returning: .failure(error))
        case .several(let continuation, let replies, let count):
            completion = .abandoned(left: count - replies.count)
            continuation.resume(returning: .failure(error))
        case .abandoned: break
        }
    }
}
