import CisternBytes
import TestSupport
import Testing

/// Redis is well; what lies between is not.
@Suite("Drills: the way to Redis", .blockingAlone, .timeLimit(.minutes(20)))
struct FaultyNetworkDrillTests {
    @Test(arguments: [FaultProxy.Mode.refuse, .silence]) func nothingGetsThrough(mode: FaultProxy.Mode) throws {
        let drill = try Drill(isProxied: true)
        let proxy = try #require(drill.proxy)
        drill.run(.milliseconds(500))
        try drill.outage(.seconds(2)) {
            proxy.set(mode)
        } cure: {
            proxy.set(.pass)
        }
        try drill.finish().expectOutage()
    }

    /// A drill in which the network has been at fault twice, and has been well before each time.
    private func drill(withTwice mode: FaultProxy.Mode) throws -> (Drill, FaultProxy) {
        let drill = try Drill(isProxied: true)
        let proxy = try #require(drill.proxy)
        for _ in 0..<2 {
            drill.run(.milliseconds(500))
            proxy.set(mode)
            drill.run(.milliseconds(1000))
            proxy.set(.pass)
        }
        return (drill, proxy)
    }

    /// Some operations succeed and some do not, at any time; no promise depends on which.
    @Test(arguments: [
        FaultProxy.Mode.resetAfter(replyBytes: 2000), .resetAfter(replyBytes: 7), .cut(.hold), .cut(.close),
        .swallowReplies,
    ])
    func connectionsBreak(mode: FaultProxy.Mode) throws {
        let (drill, proxy) = try drill(withTwice: mode)
        #expect(proxy.statistics.faults > 0)
        try drill.finish().expectClean()
    }

    /// A delay that is within the budget, one about it, and one beyond it; the last closes connections as well.
    @Test(arguments: [
        FaultProxy.Mode.delay(.milliseconds(10)), .delay(.milliseconds(45)), .delay(.milliseconds(250)),
        .throttle(bytesPerSecond: 20_000),
    ])
    func everythingIsSlow(mode: FaultProxy.Mode) throws {
        let (drill, _) = try drill(withTwice: mode)
        try drill.finish().expectClean()
    }

    /// One fault after the other, as a bad day has them.
    @Test func everythingAtOnce() throws {
        let drill = try Drill(isProxied: true)
        let proxy = try #require(drill.proxy)
        let modes: [FaultProxy.Mode] = [
            .delay(.milliseconds(60)), .refuse, .resetAfter(replyBytes: 100), .silence, .swallowReplies,
            .cut(.hold), .throttle(bytesPerSecond: 50_000), .cut(.close), .silence, .refuse,
        ]
        for mode in modes {
            proxy.set(mode)
            drill.run(.milliseconds(300))
            proxy.set(.pass)
            drill.run(.milliseconds(200))
        }
        try drill.finish().expectClean()
    }
}
