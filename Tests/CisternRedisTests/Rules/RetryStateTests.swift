import CisternResilience
import Testing

@testable import CisternRedis

@Suite struct RetryStateTests {
    private let backoff = Backoff(minimum: .milliseconds(100), maximum: .milliseconds(300))
    private let long = Duration.seconds(60)

    private func lost(_ phase: RedisError.Phase) -> RedisError {
        RedisError(.connection, phase: phase, retry: .ifRepeatable, "")
    }

    private let loading = RedisError(.unavailable, phase: .reading, retry: .afterBackoff, "")
    private let readOnly = RedisError(.readOnly, phase: .reading, retry: .onceOnNewConnection, "")

    private func pauses(
        _ errors: [RedisError], isRepeatable: Bool, maximum: Int = 3, left: Duration = .seconds(60)
    ) -> [Duration?] {
        var state = RetryState(isRepeatable: isRepeatable)
        return errors.map { state.pause(after: $0, maximum: maximum, backoff: backoff, left: left) }
    }

    @Test func whatTheServerRefusedIsNotTriedAgain() {
        let refused = RedisError(.command, phase: .reading, retry: .never, "")
        #expect(pauses([refused], isRepeatable: true) == [nil])
    }

    @Test(arguments: [RedisError.Phase.dialing, .handshake, .queued])
    func whatWasNotSentMayBeSentAgainWhateverItIs(phase: RedisError.Phase) {
        #expect(pauses([lost(phase)], isRepeatable: false)[0] != nil)
    }

    @Test(arguments: [RedisError.Phase.written, .reading])
    func whatWasSentIsSentAgainOnlyIfItMayBeRepeated(phase: RedisError.Phase) {
        #expect(pauses([lost(phase)], isRepeatable: false) == [nil])
        #expect(pauses([lost(phase)], isRepeatable: true)[0] != nil)
    }

    @Test func aConnectionThatEndedBeforeTheReplyIsMadeUpForOnceAtOnce() throws {
        let pauses = pauses([lost(.written), lost(.written)], isRepeatable: true)
        #expect(pauses[0] == .zero)
        #expect(try #require(pauses[1]) >= .milliseconds(100))
    }

    @Test func aReplyThatWasCutOffIsAskedForAgainAfterABackoff() throws {
        #expect(try #require(pauses([lost(.reading)], isRepeatable: true)[0]) >= .milliseconds(100))
    }

    @Test func aFailedAttemptToConnectIsNotRepeatedAtOnce() throws {
        #expect(try #require(pauses([lost(.dialing)], isRepeatable: true)[0]) >= .milliseconds(100))
    }

    @Test func aServerThatCannotServeNowIsAskedAgainAfterABackoff() throws {
        for pause in pauses([loading, loading, loading], isRepeatable: false) {
            let pause = try #require(pause)
            #expect(pause >= .milliseconds(100) && pause <= .milliseconds(300))
        }
    }

    @Test func aReplicaIsLeftOnce() {
        #expect(pauses([readOnly, readOnly], isRepeatable: false) == [.zero, nil])
    }

    @Test func noMoreRetriesThanTheMaximum() {
        let none = pauses([loading], isRepeatable: true, maximum: 0)
        #expect(none == [nil])
        let two = pauses([loading, loading, loading], isRepeatable: true, maximum: 2)
        #expect(two.map { $0 != nil } == [true, true, false])
        #expect(pauses([lost(.written)], isRepeatable: true, maximum: 0) == [nil])
        #expect(pauses([readOnly], isRepeatable: true, maximum: 0) == [nil])
    }

    @Test func noBackoffThatWouldPassTheDeadlineIsBegun() {
        #expect(pauses([loading], isRepeatable: true, left: .milliseconds(100)) == [nil])
        #expect(pauses([loading], isRepeatable: true, left: .milliseconds(301))[0] != nil)
    }

    @Test func theRetryAtOnceNeedsTimeLeft() {
        #expect(pauses([lost(.written)], isRepeatable: true, left: .nanoseconds(1)) == [.zero])
        #expect(pauses([lost(.written)], isRepeatable: true, left: .zero) == [nil])
        #expect(pauses([readOnly], isRepeatable: true, left: .seconds(-1)) == [nil])
    }
}
