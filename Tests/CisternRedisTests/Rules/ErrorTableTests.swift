import CisternBytes
import CisternRESP
import CisternSockets
import Testing

@testable import CisternRedis

/// The table of what errors mean, row by row.
@Suite struct ErrorTableTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let message: String
        let kind: RedisError.Kind
        let retry: RetryRule
        let breaker: BreakerEffect
        var testDescription: String { message }

        init(_ message: String, _ kind: RedisError.Kind, _ retry: RetryRule, _ breaker: BreakerEffect) {
            self.message = message
            self.kind = kind
            self.retry = retry
            self.breaker = breaker
        }
    }

    @Test(arguments: [
        Row("WRONGTYPE Operation against a key holding the wrong kind of value", .command, .never, .success),
        Row("LOADING Redis is loading the dataset in memory", .unavailable, .afterBackoff, .failure),
        Row("BUSY Redis is busy running a script.", .unavailable, .afterBackoff, .failure),
        Row("MASTERDOWN Link with MASTER is down", .unavailable, .afterBackoff, .failure),
        Row("CLUSTERDOWN The cluster is down", .unavailable, .afterBackoff, .failure),
        Row("TRYAGAIN Multiple keys request during rehashing of slot", .unavailable, .afterBackoff, .failure),
        Row("ERR max number of clients reached", .unavailable, .afterBackoff, .failure),
        Row("ERR max number of clients reached, or so", .command, .never, .success),
        Row("READONLY You can't write against a read only replica.", .readOnly, .onceOnNewConnection, .writeFailure),
        Row("MISCONF Redis is configured to save RDB snapshots", .unavailable, .never, .writeFailure),
        Row("NOREPLICAS Not enough good replicas to write.", .unavailable, .never, .writeFailure),
        Row("OOM command not allowed when used memory > 'maxmemory'.", .outOfMemory, .never, .notCounted),
        Row("NOAUTH Authentication required.", .authentication, .never, .failure),
        Row("WRONGPASS invalid username-password pair", .authentication, .never, .failure),
        Row("NOPERM this user has no permissions", .authentication, .never, .success),
        Row("ERR syntax error", .command, .never, .success),
        Row("MOVED 3999 127.0.0.1:6381", .command, .never, .success),
        Row("EXECABORT Transaction discarded", .command, .never, .success),
        // Told by its first word alone: the text is anybody's.
        Row("ERR LOADING OOM READONLY", .command, .never, .success),
        Row("LOADINGS of something", .command, .never, .success),
        Row("loading", .command, .never, .success),
        Row("LOADING", .unavailable, .afterBackoff, .failure),
        Row("", .command, .never, .success),
    ])
    func aReplyIsClassifiedByItsPrefix(_ row: Row) {
        let error = ErrorHandler.classify(RESPError(Bytes(row.message)))
        #expect(error.kind == row.kind)
        #expect(error.retry == row.retry)
        #expect(error.breakerEffect == row.breaker)
        #expect(error.isRetryable == (row.retry != .never))
        #expect(!error.isOutcomeUnknown)
    }

    @Test(arguments: [
        (SocketError.Code.refused, RedisError.Kind.connection), (.reset, .connection), (.closed, .connection),
        (.unreachable, .network), (.resolution, .network), (.system, .network), (.timedOut, .timeout), (.tls, .tls),
    ])
    func aFailedSocketIsRetriedWhereThatIsSafe(code: SocketError.Code, kind: RedisError.Kind) {
        let error = ErrorHandler.classify(SocketError(code, "x"), phase: .dialing)
        #expect(error.kind == kind)
        #expect(error.retry == .ifRepeatable)
        #expect(error.breakerEffect == .failure)
        #expect(error.phase == .dialing)
    }

    @Test func aBadFrameIsRetriedWhereThatIsSafe() throws {
        var decoder = RESPDecoder()
        var consumed = 0
        let bytes: Bytes = "?\r\n"
        let failure = #expect(throws: RESPDecodingError.self) {
            _ = try decoder.decode(bytes.span, consumed: &consumed)
        }
        let error = ErrorHandler.classify(try #require(failure))
        #expect(error.kind == .protocol)
        #expect(error.retry == .ifRepeatable)
        #expect(error.breakerEffect == .failure)
    }

    @Test(arguments: [
        (RedisError.Phase.dialing, false), (.handshake, false), (.queued, false), (.written, true), (.reading, true),
    ])
    func whetherTheOutcomeIsUnknownFollowsFromThePhase(phase: RedisError.Phase, isUnknown: Bool) {
        #expect(ErrorHandler.deadlinePassed(phase).isOutcomeUnknown == isUnknown)
        #expect(ErrorHandler.cancelled(phase).isOutcomeUnknown == isUnknown)
        #expect(ErrorHandler.retired.at(phase).isOutcomeUnknown == isUnknown)
        #expect(ErrorHandler.retired.at(phase).phase == phase)
    }

    @Test func theCallersOwnEndIsNotTheServersFault() {
        #expect(ErrorHandler.cancelled(.written).breakerEffect == .notCounted)
        #expect(ErrorHandler.clientClosed.breakerEffect == .notCounted)
        #expect(ErrorHandler.deadlinePassed(.written).breakerEffect == .failure)
        #expect(ErrorHandler.poolTimeout.breakerEffect == .failure)
    }

    @Test func anErrorShowsNothingThatTheServerRepeated() {
        let error = ErrorHandler.classify(RESPError("ERR unknown command 'my-secret'"))
        #expect(!"\(error)".contains("my-secret"))
        #expect(error.serverCode == "ERR")
    }
}
