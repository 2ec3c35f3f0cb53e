import Testing

@testable import CisternRedis

@Suite struct RedisDurationTests {
    @Test(arguments: [
        (Duration.seconds(1), 1000), (.milliseconds(1), 1), (.nanoseconds(1), 1), (.zero, 1), (.seconds(-1), 1),
        (.milliseconds(-5), 1), (.microseconds(1500), 2), (.nanoseconds(1_999_999_999), 2000),
        (.seconds(Int64.max), 31_536_000_000_000), (.seconds(Int64.max / 1000) + .nanoseconds(1), 31_536_000_000_000),
        (.seconds(Int64.min), 1),
    ])
    func millisecondsAreRoundedUpAndStayInRange(duration: Duration, milliseconds: Int) {
        #expect(duration.redisMilliseconds == milliseconds)
    }

    @Test(arguments: [
        (Int64(-2), KeyTTL.missing), (-1, .persistent), (0, .remaining(.zero)), (5, .remaining(.milliseconds(5))),
    ])
    func pttlSaysHowLongAKeyLives(reply: Int64, ttl: KeyTTL) {
        #expect(KeyTTL(milliseconds: reply) == ttl)
    }
}
