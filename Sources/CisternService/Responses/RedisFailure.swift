internal import CisternHTTP
internal import CisternRedis

/// The one table of what a failure of Redis is to a client.
enum RedisFailure {
    /// - Parameter isConditional: Whether it is a write that depends on what the key holds, which cannot be repeated blindly.
    static func answer(_ error: RedisError, toWrite isWrite: Bool, isConditional: Bool = false) -> Refusal {
        switch error.kind {
        case .command where error.serverCode == "WRONGTYPE":
            Refusal(.conflict, "the key holds a value of another type, which this interface leaves alone")
        case .command: Refusal(.badGateway, "the cache server refused the command")
        case .authentication: Refusal(.badGateway, "the cache server does not accept this service's credentials")
        case .outOfMemory: Refusal(.insufficientStorage, "the cache server is out of memory; nothing was written")
        case .readOnly where error.obstacle == nil:
            Refusal(.serviceUnavailable, "the cache server takes no writes at the moment")
        case _ where isConditional && error.isOutcomeUnknown:
            Refusal(
                .gatewayTimeout, "the cache server did not answer in time; the write may or may not have taken place")
        case .connection, .timeout, .network, .tls, .protocol, .pool, .unavailable, .readOnly, .cancelled:
            Refusal(.serviceUnavailable, unavailability(error, toWrite: isWrite))
        }
    }

    /// Why it is unavailable, so that an operator knows where to look: at Redis, or at what stands before it.
    private static func unavailability(_ error: RedisError, toWrite isWrite: Bool) -> String {
        let isFull = error.obstacle == .fullQueue
        if error.isOutcomeUnknown, isWrite {
            return "the cache server did not answer in time; a write may or may not have taken place"
                + (isFull ? ", and there is no room to keep it" : "")
        }
        return switch error.obstacle {
        case .openCircuit: "the circuit breaker is open: the cache server has failed and is not asked for a while"
        case .congestion: "the cache server is too far behind to answer in time"
        case .earlierWrite: "an earlier write of the key is kept here and waits for the cache server"
        case .fullQueue: "the cache server takes no write at the moment, and there is no room for more kept writes"
        case nil: "the cache server cannot be reached at the moment"
        }
    }
}
