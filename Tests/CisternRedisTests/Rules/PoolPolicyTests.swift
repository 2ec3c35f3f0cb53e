import Testing

@testable import CisternRedis

@Suite struct PoolPolicyTests {
    @Test(arguments: [(10, 5, 1), (10, 5, 2), (10, 5, 3), (10, 10, 4), (7, 0, 7), (10_000, 1, 16)])
    func theSharesOfAllLoopsAreThePool(size: Int, idle: Int, loops: Int) {
        let shares = (0..<loops).map { PoolPolicy(poolSize: size, minimumIdle: idle, loop: $0, of: loops) }
        #expect(shares.reduce(0) { $0 + $1.maximum } == size)
        // Every loop keeps one, so that no request has to wait for it.
        #expect(shares.reduce(0) { $0 + $1.kept } == max(idle, loops))
        #expect(shares.allSatisfy { (1...$0.maximum).contains($0.kept) })
    }

    private let policy = PoolPolicy(poolSize: 4, minimumIdle: 2, loop: 0, of: 1)

    private func loads(_ depths: Int...) -> [PoolPolicy.Load] {
        depths.map { PoolPolicy.Load(depth: $0, backlog: 0) }
    }

    @Test func connectionsAreOpenedUpToTheMinimumUnasked() {
        #expect(policy.wantsConnection(open: [], dialing: 0, waiting: 0))
        #expect(policy.wantsConnection(open: loads(0), dialing: 0, waiting: 0))
        #expect(!policy.wantsConnection(open: loads(0), dialing: 1, waiting: 0))
        #expect(!policy.wantsConnection(open: loads(0, 0), dialing: 0, waiting: 0))
    }

    @Test func anotherIsOpenedWhenAllAreDeepOrSomebodyWaits() {
        #expect(policy.wantsConnection(open: loads(512, 512), dialing: 0, waiting: 0))
        #expect(!policy.wantsConnection(open: loads(512, 511), dialing: 0, waiting: 0))
        #expect(policy.wantsConnection(open: loads(0, 0), dialing: 0, waiting: 1))
        #expect(!policy.wantsConnection(open: loads(512, 512), dialing: 1, waiting: 1))
    }

    @Test func neverMoreThanTheMaximum() {
        #expect(!policy.wantsConnection(open: loads(9999, 9999, 9999, 9999), dialing: 0, waiting: 9))
    }

    @Test func aConnectionHasRoomUntilItIsDeepOrItsOutputIsLarge() {
        #expect(PoolPolicy.Load(depth: 32_767, backlog: (64 << 20) - 1).hasRoom)
        #expect(!PoolPolicy.Load(depth: 32_768, backlog: 0).hasRoom)
        #expect(!PoolPolicy.Load(depth: 0, backlog: 64 << 20).hasRoom)
    }
}
