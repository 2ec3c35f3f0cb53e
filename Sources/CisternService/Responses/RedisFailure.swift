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
        case .readOnly: Refusal(.serviceUnavailable, "the cache server takes no writes at the moment")
        case _ where isConditional && error.isOutcomeUnknown:
            Refusal(
                .gatewayTimeout, "the cache server did not answer in time; the write may or may not have taken place")
        case .connection, .timeout, .network, .tls, .protocol, .pool, .unavailable, .cancelled:
            Refusal(
                .serviceUnavailable,
                error.isOutcomeUnknown && isWrite
                    ? "the cache server did not answer in time; a write may or may not have taken place"
                    : "the cache server cannot be reached at the moment")
        }
    }
}
