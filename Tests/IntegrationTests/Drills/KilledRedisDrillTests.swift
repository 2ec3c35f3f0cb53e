import CisternBytes
import TestSupport
import Testing

/// Redis goes away altogether, under load, and comes back.
@Suite("Drills: Redis is gone", .blockingAlone, .timeLimit(.minutes(20)))
struct KilledRedisDrillTests {
    private static func keeping(_ change: (inout RedisServerProcess.Options) -> Void = { _ in })
        -> RedisServerProcess.Options
    {
        var options = RedisServerProcess.Options()
        options.keepsData = true
        change(&options)
        return options
    }

    @Test func killedAndBackEmpty() throws {
        let drill = try Drill()
        drill.run(.milliseconds(500))
        try drill.outage(.seconds(2), losing: true, cause: drill.redis.kill9) { try drill.redis.restart() }
        try drill.finish().expectOutage()
    }

    @Test func killedAndBackWithItsData() throws {
        let options = Self.keeping()
        let drill = try Drill(options)
        drill.run(.milliseconds(500))
        try drill.outage(.seconds(2), cause: drill.redis.kill9) { try drill.redis.restart(options) }
        try drill.finish().expectOutage()
    }

    @Test func killedAgainAndAgain() throws {
        let options = Self.keeping()
        let drill = try Drill(options)
        for _ in 0..<4 {
            drill.run(.milliseconds(500))
            try drill.outage(.milliseconds(700), cause: drill.redis.kill9) { try drill.redis.restart(options) }
        }
        try drill.finish().expectOutage()
    }

    @Test func stoppedAndContinued() throws {
        let drill = try Drill()
        drill.run(.milliseconds(500))
        try drill.outage(.seconds(2), cause: drill.redis.pause, cure: drill.redis.resume)
        try drill.finish().expectOutage()
    }

    /// Too short to be noticed by a probe: some operations are late, and that is all.
    @Test func stoppedForMoments() throws {
        let drill = try Drill()
        for round in 1...10 {
            drill.run(.milliseconds(150))
            drill.redis.pause()
            drill.run(.milliseconds(30 * round))
            drill.redis.resume()
        }
        try drill.finish().expectClean()
    }

    @Test func loading() throws {
        let options = Self.keeping()
        let drill = try Drill(options)
        try drill.redis.rewriteFile()
        drill.run(.milliseconds(500))
        let slow = Self.keeping { $0.lines = RedisServerProcess.slowLoading(perKey: .milliseconds(6)) }
        func expectLoading() throws {
            guard case .error(let text) = try drill.redis.cli("GET", "k"), text.hasPrefix("LOADING") else {
                throw TestFailure("the drill is none: the server has loaded its data already")
            }
        }
        try drill.outage(.seconds(2)) {
            try drill.redis.restart(slow, awaitsData: false)
            try expectLoading()
        } meanwhile: {
            try expectLoading()
        } cure: {
            try drill.redis.cli("CONFIG", "SET", "key-load-delay", "0")
        }
        try drill.finish(within: .seconds(20)).expectOutage()
    }

    /// The service tries a refused password twice a minute at most; so its return takes half a minute.
    @Test func thePasswordIsAnotherOne() throws {
        let right = Self.keeping { $0.password = "the right one" }
        let drill = try Drill(right, environment: ["REDIS_PASSWORD": "the right one"])
        drill.run(.milliseconds(500))
        // A key without a copy may get the 502 of the refusal.
        drill.provoke(.get, [502])
        try drill.outage(.seconds(2)) {
            try drill.redis.restart(Self.keeping { $0.password = "another one" })
        } meanwhile: {
            let isRefused = try eventually { try drill.redis.refusedPasswords() >= 1 }
            let refusals = try drill.redis.refusedPasswords()
            #expect(isRefused && refusals <= 2)
        } cure: {
            try drill.redis.cli("CONFIG", "SET", "requirepass", "the right one")
        }
        try drill.finish(within: .seconds(45)).expectClean()
    }

    @Test func theCertificateHasExpired() throws {
        let fixtures = try TLSFixtures.shared
        func options(_ identity: TLSFixtures.Identity) -> RedisServerProcess.Options {
            Self.keeping {
                $0.tls = .init(
                    certificate: identity.certificate, key: identity.key, authority: fixtures.authority)
            }
        }
        let drill = try Drill(options(fixtures.server)) {
            [
                "REDIS_PORT": "\($0.tlsPort)", "REDIS_TLS_ENABLED": "true",
                "REDIS_TLS_CA_FILE": fixtures.authority,
            ]
        }
        drill.run(.milliseconds(500))
        try drill.outage(.seconds(2)) {
            try drill.redis.restart(options(fixtures.expired))
        } cure: {
            try drill.redis.restart(options(fixtures.server))
        }
        try drill.finish().expectOutage()
    }

    @Test func theNameStopsResolving() throws {
        let names = try TestNames(["redis.test": "127.0.0.1"])
        let drill = try Drill(environment: names.environment.merging(["REDIS_HOST": "redis.test"]) { $1 })
        drill.run(.milliseconds(500))
        try drill.outage(.seconds(2)) {
            try names.set([:])
            try drill.redis.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        } cure: {
            try names.set(["redis.test": "127.0.0.1"])
        }
        try drill.finish().expectOutage()
    }

    @Test func itTakesNoMoreClients() throws {
        let drill = try Drill()
        drill.run(.milliseconds(500))
        try drill.outage(.seconds(2)) {
            // The tests' own connection is the one that is left.
            try drill.redis.cli("CONFIG", "SET", "maxclients", "1")
            try drill.redis.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        } meanwhile: {
            let clients = try drill.redis.clients()
            #expect(clients.isEmpty)
        } cure: {
            try drill.redis.cli("CONFIG", "SET", "maxclients", "10000")
        }
        try drill.finish().expectOutage()
    }
}
