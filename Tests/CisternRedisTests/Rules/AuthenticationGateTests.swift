import CisternBytes
import CisternSockets
import Testing

@testable import CisternRedis

@Suite struct AuthenticationGateTests {
    private let gate = AuthenticationGate()
    private let refusal = RedisError(.authentication, phase: .handshake, retry: .never, "no")
    private let outage = RedisError(.connection, phase: .dialing, retry: .ifRepeatable, "down")

    private func at(_ seconds: Int) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds) * 1_000_000_000) }

    @Test func untilOneAttemptSucceededTheyGoOneByOne() {
        #expect(gate.enter(at(0)) == .enter)
        #expect(gate.enter(at(0)) == .wait)
        gate.leave(at(1), error: nil)
        #expect(gate.enter(at(1)) == .enter)
        #expect(gate.enter(at(1)) == .enter)
    }

    @Test func noMoreThanTwoRefusedAttemptsAMinute() {
        var attempts: [Int] = []
        for second in 0..<600 where gate.enter(at(second)) == .enter {
            attempts.append(second)
            gate.leave(at(second), error: refusal)
        }
        #expect(attempts.count == 20)
        for start in 0..<540 { #expect(attempts.count { ($0 - start) >= 0 && ($0 - start) < 60 } <= 2) }
    }

    @Test func aRefusalIsWhatEverybodyIsTold() {
        _ = gate.enter(at(0))
        gate.leave(at(0), error: refusal)
        #expect(gate.enter(at(29)) == .refused(refusal))
        #expect(gate.refusal(at(29)) == refusal)
        #expect(gate.refusal(at(30)) == nil)
        #expect(gate.closedUntil == at(30))
    }

    @Test func anOutageClosesNothing() {
        _ = gate.enter(at(0))
        gate.leave(at(0), error: outage)
        #expect(gate.enter(at(0)) == .enter)
    }

    @Test func afterALossTheyGoOneByOneAgain() {
        _ = gate.enter(at(0))
        gate.leave(at(0), error: nil)
        gate.doubt()
        #expect(gate.enter(at(1)) == .enter)
        #expect(gate.enter(at(1)) == .wait)
        gate.leave(at(1), error: refusal)
        #expect(gate.enter(at(2)) == .refused(refusal))
    }

    @Test func attemptsThatWereUnderWayAreWaitedFor() {
        _ = gate.enter(at(0))
        gate.leave(at(0), error: nil)
        _ = gate.enter(at(0))
        gate.doubt()
        #expect(gate.enter(at(1)) == .wait)
        gate.leave(at(1), error: nil)
        #expect(gate.enter(at(1)) == .enter)
    }

    @Test func aSuccessAfterARefusalOpensIt() {
        _ = gate.enter(at(0))
        gate.leave(at(0), error: refusal)
        #expect(gate.enter(at(30)) == .enter)
        gate.leave(at(31), error: nil)
        #expect(gate.enter(at(31)) == .enter)
        #expect(gate.closedUntil < at(31))
    }
}
