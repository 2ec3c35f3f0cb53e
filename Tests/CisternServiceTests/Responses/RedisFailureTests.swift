import CisternBytes
import CisternHTTP
import CisternRESP
import CisternRedis
import CisternSockets
import Testing

@testable import CisternService

/// The column of HTTP in the table of errors.
@Suite struct RedisFailureTests {
    @Test(arguments: [
        ("WRONGTYPE Operation against a key holding the wrong kind of value", HTTPStatus.conflict),
        ("LOADING Redis is loading the dataset in memory", .serviceUnavailable), ("BUSY script", .serviceUnavailable),
        ("MASTERDOWN Link with MASTER is down", .serviceUnavailable), ("CLUSTERDOWN Hash slot", .serviceUnavailable),
        ("TRYAGAIN Multiple keys", .serviceUnavailable), ("ERR max number of clients reached", .serviceUnavailable),
        ("READONLY You can't write against a read only replica.", .serviceUnavailable),
        ("MISCONF Redis is configured to save RDB snapshots", .serviceUnavailable),
        ("NOREPLICAS Not enough good replicas", .serviceUnavailable),
        ("OOM command not allowed when used memory > 'maxmemory'.", .insufficientStorage),
        ("NOAUTH Authentication required.", .badGateway), ("WRONGPASS invalid", .badGateway),
        ("NOPERM this user has no permissions", .badGateway), ("ERR unknown command 'FOO'", .badGateway),
        ("MOVED 3999 127.0.0.1:6381", .badGateway), ("ERR max number of clients reached now", .badGateway),
        ("", .badGateway),
    ])
    func everyReplyHasItsStatus(reply: String, status: HTTPStatus) {
        let refusal = RedisFailure.answer(ErrorHandler.classify(RESPError(Bytes(reply))), toWrite: true)
        #expect(refusal.status == status)
        // Nothing of what Redis says gets out.
        let code = reply.prefix { $0 != " " }
        #expect(code.isEmpty || !refusal.detail.contains(code))
    }

    @Test(arguments: [
        SocketError(.refused, "connecting to secret.host:6379"), SocketError(.reset, "secret.host"),
        SocketError(.closed, "secret.host"), SocketError(.unreachable, "secret.host"),
        SocketError(.timedOut, "secret.host"), SocketError(.resolution, "secret.host"),
        SocketError(.tls, "secret.host"),
        SocketError(.system, "secret.host"),
    ])
    func aServerThatIsNotReachedIsUnavailable(error: SocketError) {
        for phase in [RedisError.Phase.dialing, .handshake, .written] {
            let refusal = RedisFailure.answer(ErrorHandler.classify(error, phase: phase), toWrite: true)
            #expect(refusal.status == .serviceUnavailable)
            #expect(!refusal.detail.contains("secret"))
        }
    }

    /// An operator sees where to look: at Redis, at the breaker, or at what is kept here.
    @Test func whatStandsInTheWayIsSaid() {
        let away = ErrorHandler.classify(SocketError(.refused, "secret.host"), phase: .dialing)
        let errors = [
            ("reached", away), ("breaker is open", ErrorHandler.circuitOpen),
            ("too far behind", ErrorHandler.congested),
            ("no room", away.withoutRoom), ("no room", ErrorHandler.circuitOpen.withoutRoom),
            ("no room", ErrorHandler.classify(RESPError("READONLY You can't write")).withoutRoom),
            ("no room to keep it", ErrorHandler.deadlinePassed(.written).withoutRoom),
        ]
        for (words, error) in errors {
            let refusal = RedisFailure.answer(error, toWrite: true)
            #expect(refusal.status == .serviceUnavailable && refusal.detail.contains(words), "\(refusal.detail)")
            #expect(!refusal.detail.contains("secret"))
        }
        #expect(Set(errors.map { RedisFailure.answer($0.1, toWrite: true).detail }).count == 5)
        #expect(
            RedisFailure.answer(ErrorHandler.deadlinePassed(.written).withoutRoom, toWrite: true).detail
                .contains("may or may not"))
    }

    @Test func whatMayHaveTakenPlaceIsSaid() {
        let queued = RedisFailure.answer(ErrorHandler.deadlinePassed(.queued), toWrite: true)
        let written = RedisFailure.answer(ErrorHandler.deadlinePassed(.written), toWrite: true)
        #expect(queued.status == .serviceUnavailable && written.status == .serviceUnavailable)
        #expect(!queued.detail.contains("may or may not") && written.detail.contains("may or may not"))
        let read = RedisFailure.answer(ErrorHandler.deadlinePassed(.written), toWrite: false)
        #expect(!read.detail.contains("may or may not"))
    }
}
