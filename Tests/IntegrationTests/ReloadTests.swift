import CisternBytes
import CisternLocks
import Glibc
import TestSupport
import Testing

@Suite("SIGHUP", .blocking) struct ReloadTests {
    // MARK: The certificate

    @Test func newConnectionsGetTheNewCertificateAndOldOnesGoOn() throws {
        let stack = try SecureStack()
        let old = try stack.curl()
        #expect(try old.put("/keys/k", "v").status == 201)
        let before = try #require(old.certificateSerial)
        try stack.replace(try TLSFixtures.shared.renewed)
        #expect(try stack.curl().get("/keys/k").status == 200)
        #expect(try stack.reload().contains(#"reloaded changed="the certificate""#))
        let new = try stack.curl()
        #expect(try new.get("/keys/k").body == "v")
        #expect(try #require(new.certificateSerial) != before)
        let answer = try old.get("/keys/k")
        #expect(answer.status == 200 && answer.connectionsMade == 0)
        #expect(try stack.reload().contains("nothing has changed"))
    }

    @Test func aKeyThatDoesNotMatchLeavesTheOldCertificate() throws {
        let stack = try SecureStack()
        let old = try stack.curl()
        _ = try old.get("/health/live")
        let fixtures = try TLSFixtures.shared
        try stack.replace(.init(certificate: fixtures.renewed.certificate, key: fixtures.server.key))
        try stack.configure(settings: #""default_ttl": "1h""#)
        let log = try stack.reload()
        #expect(log.contains("http.tls_key_file") && log.contains("does not belong"))
        #expect(log.contains("not reloaded"))
        let new = try stack.curl()
        #expect(try new.put("/keys/k", "v").status == 201)
        #expect(new.certificateSerial == old.certificateSerial)
        #expect(try new.get("/keys/k").headers["Cache-TTL"] == nil)
    }

    @Test(arguments: [true, false]) func httpsIsNotSwitchedOnOrOff(isOn: Bool) throws {
        let stack = try SecureStack(isOn ? try TLSFixtures.shared.server : nil)
        try stack.replace(try TLSFixtures.shared.server)
        try stack.configure(settings: #""default_ttl": "1h""#, isTLS: !isOn)
        let log = try stack.reload()
        #expect(log.contains("default_ttl: 0s → 1h"))
        #expect(log.contains(#"needs_restart="http.tls_cert_file"#) && log.contains("http.tls_key_file"))
        #expect(try (isOn ? stack.curl() : stack.plainCurl()).get("/health/live").status == 200)
    }

    // MARK: Settings

    @Test func limitsAndTimesToLiveHoldFromTheNextRequestOn() throws {
        let stack = try SecureStack(nil)
        let curl = try stack.plainCurl()
        #expect(try curl.put("/keys/k", "before").status == 201)
        #expect(try curl.get("/keys/k").headers["Cache-TTL"] == nil)
        try stack.configure(
            settings: #""default_ttl": "1h", "max_ttl": "2h""#,
            http: #""max_value_bytes": 4, "max_key_bytes": 3, "allowed_hosts": ["here.test"]"#, isTLS: false)
        let log = try stack.reload()
        for change in [
            "default_ttl: 0s → 1h", "max_ttl: 0s → 2h", "http.max_value_bytes: 1048576 → 4",
            "http.max_key_bytes: 1024 → 3", "http.allowed_hosts: [] → [\\\"here.test\\\"]",
        ] {
            #expect(log.contains(change) || log.contains(change.replacing("\\\"", with: "\"")), "\(change) in: \(log)")
        }
        #expect(!log.contains("needs_restart"))
        let here = ["Host: here.test"]
        #expect(try curl.get("/keys/k").status == 421)
        let stored = try curl.put("/keys/k", "four", headers: here)
        #expect(stored.status == 204 && stored.connectionsMade == 0)
        #expect(try curl.get("/keys/k", headers: here).headers["Cache-TTL"] == "3600")
        #expect(try curl.put("/keys/k?ttl=3h", "four", headers: here).status == 400)
        #expect(try curl.put("/keys/k", "fives", headers: here).status == 413)
        #expect(try curl.get("/keys/long", headers: here).status == 414)
    }

    @Test func connectionsAreUnderTheNewTimesAndNumbers() throws {
        let stack = try SecureStack(nil)
        let first = try stack.plainCurl()
        #expect(try first.get("/health/live").status == 200)
        try stack.configure(http: #""max_connections": 1, "header_timeout": "200ms""#, isTLS: false)
        let log = try stack.reload()
        #expect(log.contains("http.max_connections: 16384 → 1") && log.contains("http.header_timeout: 10s → 200ms"))
        #expect(try stack.plainCurl().get("/health/live").status == 503)
        #expect(try first.get("/health/live").connectionsMade == 0)
        try stack.configure(http: #""header_timeout": "200ms", "idle_timeout": "300ms""#, isTLS: false)
        _ = try stack.reload()
        let slow = try stack.raw()
        try slow.send("GET /")
        #expect(try slow.readResponse().status == 408)
        let idle = try stack.raw()
        #expect(idle.isClosedByPeer(within: .seconds(5 * slowness)))
    }

    @Test func theLevelOfTheLogChanges() throws {
        let stack = try SecureStack(nil)
        try stack.configure(settings: #""log": {"level": "error"}"#, isTLS: false)
        #expect(try stack.reload().contains("log.level: info → error"))
        let before = stack.service.text
        // A notice, which is not logged any more.
        try stack.configure(settings: #""log": {"level": "error"}, "default_ttl": "1h""#, isTLS: false)
        stack.service.process.signal(SIGHUP)
        let curl = try stack.plainCurl()
        #expect(
            try eventually {
                try curl.put("/keys/k", "v").status < 300 && curl.head("/keys/k").headers["Cache-TTL"] != nil
            })
        #expect(stack.service.text == before)
        try stack.configure(settings: #""log": {"level": "debug"}, "default_ttl": "1h""#, isTLS: false)
        #expect(try stack.reload().contains("log.level: error → debug"))
    }

    @Test func whatWaitsForARestartIsNamed() throws {
        let stack = try SecureStack(nil)
        try stack.configure(
            settings:
                #""key_prefix": "p:", "default_ttl": "1h", "log": {"format": "json"}, "redis": {"pool_size": 20}"#,
            isTLS: false)
        for isFirst in [true, false] {
            let log = try stack.reload()
            #expect(log.contains("default_ttl") == isFirst)
            #expect(
                log.contains(
                    #"needs_restart="key_prefix: "" → p:, redis.pool_size: 10 → 20, log.format: text → json""#)
                    || log.contains("key_prefix") && log.contains("redis.pool_size: 10 → 20")
                        && log.contains("log.format: text → json"),
                "\(log)")
            #expect(log.split(separator: "\n").count == 1)
        }
    }

    // MARK: Faults

    @Test func everyFaultIsLoggedAndNothingChanges() throws {
        let stack = try SecureStack(nil)
        let curl = try stack.plainCurl()
        let hash = try JSONText(curl.get("/stats").text)["configuration_hash"]?.string
        try stack.configure(
            settings: #""default_ttl": "1h", "max_tll": "2h", "log": {"level": "loud"}"#,
            http: #""idle_timeout": "soon""#,
            isTLS: false)
        let log = try stack.reload()
        for word in [
            "max_tll", "did you mean max_ttl", "log.level", "loud", "http.idle_timeout", "soon", "not reloaded",
        ] {
            #expect(log.contains(word), "\(word) in: \(log)")
        }
        #expect(log.split(separator: "\n").count == 4)
        #expect(try curl.put("/keys/k", "v").status == 201)
        #expect(try curl.get("/keys/k").headers["Cache-TTL"] == nil)
        #expect(try JSONText(curl.get("/stats").text)["configuration_hash"]?.string == hash)
        try writeFile("\(stack.folder)/cistern.json", "{")
        #expect(try stack.reload().contains("cistern.json:1:2"))
        #expect(try curl.get("/keys/k").connectionsMade == 0)
    }

    @Test func aValueThatIsWrongBesideOneThatWaitsIsAFault() throws {
        let stack = try SecureStack(nil)
        let curl = try stack.plainCurl()
        // In itself this is in order, but the size of the store needs a restart.
        try stack.configure(
            settings: #""local_cache": {"max_bytes": 1000000000}, "fallback": {"max_pending_bytes": 1000000000}"#,
            http: #""max_value_bytes": 100000000"#, isTLS: false)
        let log = try stack.reload()
        #expect(log.contains("http.max_value_bytes: 1048576 → 100000000") && log.contains("needs_restart"))
        // Neither does an address that others can reach become one without a word.
        let open = try SecureStack(nil, http: #""host": "0.0.0.0", "allow_unauthenticated": true"#)
        try open.configure(http: #""host": "127.0.0.1""#, isTLS: false)
        let refusal = try open.reload()
        #expect(refusal.contains("http.host") && refusal.contains("not reloaded"))
        #expect(try curl.put("/keys/k", Bytes(repeatElement(1, count: 1 << 20))).status == 201)
    }

    // MARK: Load

    @Test func aStormOfSignalsUnderLoadCostsNoRequest() throws {
        let stack = try SecureStack()
        let fixtures = try TLSFixtures.shared
        let isOver = Locked(false)
        let outcomes = Locked((answered: 0, failures: [String]()))
        let ended = Semaphore()
        for number in 0..<4 {
            BlockingThreads.shared.run {
                do {
                    var curl = try stack.curl()
                    var round = 0
                    while !isOver.withLock({ $0 }) {
                        // Every fifth request is a handshake.
                        if round % 5 == 0 { curl = try stack.curl() }
                        let path = "/keys/storm-\(number)"
                        let value = Bytes("\(round)")
                        let stored = try curl.put(path, value).status
                        let found = try curl.get(path).body
                        guard (200..<300).contains(stored), found == value else {
                            throw TestFailure("\(stored), \(found) for \(value)")
                        }
                        outcomes.withLock { $0.answered += 2 }
                        round += 1
                    }
                } catch {
                    outcomes.withLock { $0.failures.append("\(error)") }
                }
                ended.post()
            }
        }
        let begin = ContinuousClock.now
        var signals = 0
        var changes = 0
        func isReloaded() -> Bool { stack.service.text.contains("the certificate") }
        while .now - begin < .seconds(3) || !isReloaded() && .now - begin < .seconds(60) {
            if .now - begin >= .milliseconds(100 * slowness) * changes {
                // The key first: a reload between the two finds a pair that does not match, and changes nothing.
                try stack.replace(changes % 2 == 0 ? fixtures.renewed : fixtures.server)
                try stack.configure(settings: #""default_ttl": "\#(1 + changes)h""#)
                changes += 1
            }
            stack.service.process.signal(SIGHUP)
            signals += 1
            usleep(5000)
        }
        isOver.withLock { $0 = true }
        for _ in 0..<4 { ended.wait() }
        let (answered, failures) = outcomes.withLock { $0 }
        #expect(failures.isEmpty, "\(failures)")
        #expect(answered > 50)
        #expect(isReloaded())
        // It ends in the middle of a reload as well.
        let outcome = try stack.service.stop()
        #expect(outcome.code == 0, "\(outcome.errorOutput)")
    }
}
