import CisternBytes
import Glibc
import TestSupport
import Testing

@Suite("HTTPS", .blocking) struct HTTPSTests {
    /// One service for all tests that leave it as it is.
    private static let shared = Result { try SecureStack() }

    private var stack: SecureStack { get throws { try Self.shared.get() } }

    // MARK: Values

    @Test(arguments: [CurlTLS.Version.tls12, .tls13])
    func largeValuesGoBothWaysOnOneConnection(version: CurlTLS.Version) throws {
        var generator = SplitMix64(seed: 1)
        let value = Bytes(generator.bytes(1 << 20))
        let curl = try stack.curl(version)
        let path = "/keys/large-\(version.rawValue)"
        #expect(try curl.put(path, value).status == 201)
        for _ in 0..<3 {
            let answer = try curl.get(path)
            #expect(answer.status == 200 && answer.connectionsMade == 0)
            #expect(answer.body == value)
            #expect(try curl.put(path, value).status == 204)
        }
    }

    @Test func chunkedBodiesAndHeadWork() throws {
        let curl = try stack.curl()
        let pieces = (0..<50).map { Bytes(repeatElement(UInt8($0), count: 1000)) }
        #expect(try curl.send(CurlRequest("PUT", "/keys/chunked", body: .chunked(pieces))).status == 201)
        #expect(try curl.head("/keys/chunked").headers["Content-Length"] == "50000")
        #expect(try curl.get("/keys/chunked").body == Bytes(pieces.flatMap { Array($0) }))
        #expect(try curl.delete("/keys/chunked").status == 204)
    }

    @Test func pipelinedAnswersComeInOrder() throws {
        let connection = try CurlConnection(port: stack.service.port, tls: SecureStack.tls())
        let count = 200
        var requests = ""
        for number in 0..<count {
            requests +=
                "PUT /keys/p\(number) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\n<\(1000 + number)>"
            requests += "GET /keys/p\(number) HTTP/1.1\r\nHost: localhost\r\n\r\n"
        }
        requests += "GET /keys/none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        try connection.send(Bytes(requests))
        let text = String(decoding: Array(try connection.readToEnd()), as: UTF8.self)
        let values = text.split(separator: "<").dropFirst().map { Int($0.prefix(4)) }
        #expect(values == (1000..<1000 + count).map { $0 })
        let statuses = text.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
        #expect(statuses == Array(repeating: ["201", "200"], count: count).flatMap { $0 } + ["404"])
    }

    /// RFC 9110 §7.4: a server decides by the target and the connection. Over TLS both schemes lead here; an https target on a
    /// plain connection is refused.
    @Test(arguments: ["https", "HTTPS", "http"]) func aWholeURIIsServed(scheme: String) throws {
        let port = try stack.service.port
        #expect(try stack.curl().put("/keys/whole-\(scheme)", "v").status == 201)
        let connection = try CurlConnection(port: port, tls: SecureStack.tls())
        try connection.send(
            Bytes(
                "GET \(scheme)://localhost:\(port)/keys/whole-\(scheme) HTTP/1.1\r\nHost: localhost:\(port)\r\n"
                    + "Connection: close\r\n\r\n"))
        let answer = String(decoding: Array(try connection.readToEnd()), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("\r\n\r\nv"), "\(answer)")
    }

    @Test(arguments: ["/health/live", "/none"]) func theSessionEndsInOrder(path: String) throws {
        let stack = try stack
        let client = try ChildProcess(
            "sh",
            [
                "-c",
                #"printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" | "#
                    + #"openssl s_client -quiet -verify_quiet -connect 127.0.0.1:"$2" -CAfile "$3""#,
                "sh", path, "\(stack.service.port)", try TLSFixtures.shared.authority,
            ])
        // Without a close_notify it complains of an unexpected end, since what has come may be cut.
        #expect(try client.wait() == .code(0))
        #expect(client.output.contains("HTTP/1.1 "))
        #expect(!client.errorOutput.contains("unexpected eof"), "\(client.errorOutput)")
    }

    // MARK: Who can connect

    @Test(arguments: [CurlTLS.Version.tls12, .tls13]) func currentVersionsAreSpoken(version: CurlTLS.Version) throws {
        #expect(try stack.curl(version).get("/health/live").status == 200)
    }

    @Test func anOldVersionIsRefused() throws {
        let curl = try stack.curl(.tls11)
        let error = #expect(throws: CurlError.self) { try curl.get("/health/live") }
        #expect(error?.code == 35)
    }

    @Test func theClientRefusesACertificateOfAnotherAuthority() throws {
        let authority = try TLSFixtures.shared.wrongAuthority
        let curl = try CurlClient(port: stack.service.port, tls: CurlTLS(authority: authority))
        let error = #expect(throws: CurlError.self) { try curl.get("/health/live") }
        #expect(error?.code == 60)
        #expect(try stack.curl().get("/health/live").status == 200)
    }

    @Test func theChainOfTheCertificateIsShown() throws {
        let stack = try SecureStack(try TLSFixtures.shared.chained)
        #expect(try stack.curl().get("/health/live").status == 200)
    }

    @Test(arguments: ["127.0.0.1", "localhost", "elsewhere.test"]) func theNameAskedForDoesNotMatter(host: String)
        throws
    {
        let tls = CurlTLS(authority: try TLSFixtures.shared.authority, verifiesName: host != "elsewhere.test")
        #expect(try CurlClient(port: stack.service.port, host: host, tls: tls).get("/health/live").status == 200)
    }

    @Test func aConnectionTooManyIsToldSo() throws {
        let stack = try SecureStack(http: #""max_connections": 1"#)
        let first = try stack.curl()
        #expect(try first.get("/health/live").status == 200)
        let refusal = try stack.curl().get("/health/live")
        #expect(refusal.status == 503)
        #expect(refusal.headers["Retry-After"] == "1")
        #expect(try first.get("/health/live").connectionsMade == 0)
    }

    // MARK: Who speaks something else

    @Test(arguments: ["GET /keys/k HTTP/1.1\r\nHost: localhost\r\n\r\n", "DELETE /keys/k HTTP/1.0\r\n\r\n"])
    func aPlainRequestIsToldThatThisIsHTTPS(request: Bytes) throws {
        let connection = try stack.raw()
        try connection.send(request)
        let answer = try connection.readResponse()
        #expect(answer.status == 400)
        #expect(String(decoding: Array(answer.body), as: UTF8.self).contains("HTTPS"))
        #expect(connection.isClosedByPeer(within: .seconds(5)))
    }

    @Test func aHelloOnThePlainPortIsAnsweredAndClosed() throws {
        let stack = try Stack.local()
        let connection = try stack.raw()
        try connection.send(Self.halfHello)
        let answer = try connection.readResponse()
        #expect(answer.status == 400)
        #expect(String(decoding: Array(answer.body), as: UTF8.self).contains("not TLS"))
        let begin = ContinuousClock.now
        let curl = try CurlClient(port: stack.service.port, tls: SecureStack.tls())
        let error = #expect(throws: CurlError.self) { try curl.get("/health/live") }
        #expect(error?.code == 35)
        #expect(.now - begin < .seconds(5))
    }

    // MARK: Who stops half way

    /// The first 100 of the 517 bytes of a TLS record with a ClientHello (RFC 8446 §4.1.2).
    private static let halfHello = Bytes(
        [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + [UInt8](repeating: 7, count: 89))

    @Test func handshakesThatStopHalfWayEndInTimeAndKeepNobodyWaiting() throws {
        let stack = try SecureStack(http: #""header_timeout": "1s", "threads": 1"#)
        let curl = try stack.curl()
        #expect(try curl.put("/keys/k", "v").status == 201)
        let begin = ContinuousClock.now
        let halves = try (0..<60).map { number in
            let connection = try stack.raw()
            if number % 3 > 0 { try connection.send(Self.halfHello) }
            return connection
        }
        var slowest = Duration.zero
        while .now - begin < .milliseconds(700) {
            let next = try number(of: stack) { try $0.get("/keys/k") }
            slowest = max(slowest, next)
        }
        #expect(slowest < .milliseconds(300 * slowness))
        #expect(halves.allSatisfy { $0.isClosedByPeer(within: .seconds(5 * slowness)) })
        #expect((.milliseconds(900)...(.seconds(4 * slowness))).contains(.now - begin))
        #expect(try curl.get("/stats").text.contains(#""failed_tls_handshakes":60"#))
    }

    /// How long a new client waits for the answer to its first request.
    private func number(of stack: SecureStack, _ ask: (CurlClient) throws -> CurlResponse) throws -> Duration {
        let answer = try ask(try stack.curl())
        #expect(answer.status == 200)
        return answer.duration
    }

    @Test func handshakesThatDripEndInTime() throws {
        let stack = try SecureStack(http: #""header_timeout": "1s""#)
        let connection = try stack.raw()
        let begin = ContinuousClock.now
        // A byte in 50 milliseconds would take half a minute.
        var isOpen = true
        for byte in Self.halfHello where isOpen {
            isOpen = (try? connection.send([byte])) != nil && connection.staysSilent(for: .milliseconds(50))
        }
        #expect(!isOpen)
        #expect(.now - begin < .seconds(4 * slowness))
    }

    @Test func clientsThatGoWithinTheHandshakeLeaveNothingBehind() throws {
        let stack = try SecureStack()
        _ = try stack.curl().get("/health/live")
        func leave(_ number: Int) throws {
            let connection = try stack.raw()
            if number % 3 > 0 { try connection.send(Self.halfHello) }
            if number % 2 == 0 { connection.reset() } else { connection.close() }
        }
        for number in 0..<20 { try leave(number) }
        let process = stack.service.process
        #expect(try eventually { try stack.curl().get("/stats").text.contains(#""failed_tls_handshakes":20"#) })
        let before = try process.descriptors
        for number in 0..<1000 { try leave(number) }
        #expect(try eventually { try stack.curl().get("/stats").text.contains(#""failed_tls_handshakes":1020"#) })
        #expect(try eventually(within: .seconds(20)) { try process.descriptors <= before })
        #expect(try stack.service.stop().code == 0)
    }

    @Test func aHandshakeThatStandsDoesNotHoldUpTheEnd() throws {
        let stack = try SecureStack()
        let half = try stack.raw()
        try half.send(Self.halfHello)
        _ = try stack.curl().get("/health/live")
        let begin = ContinuousClock.now
        #expect(try stack.service.stop().code == 0)
        #expect(.now - begin < .seconds(3 * slowness))
        #expect(half.isClosedByPeer())
    }

    // MARK: Configuration

    @Test func itSaysWhereItListensAndHealthAsksThere() throws {
        let stack = try stack
        #expect(stack.service.text.contains("listening on https://127.0.0.1:\(stack.service.port)"))
        let arguments = ["health", "--config", "\(stack.folder)/cistern.json"]
        let outcome = try CisternProcess.run(arguments, environment: ["CISTERN_HTTP_PORT": "\(stack.service.port)"])
        #expect(outcome.code == 0 && outcome.output == "ready\n")
        let url = "https://127.0.0.1:\(stack.service.port)/none"
        let unknown = try CisternProcess.run(["health", "--url", url])
        #expect(unknown.code == 1)
        #expect(unknown.text.contains("\(url) answered 404"))
        let plain = try CisternProcess.run(["health", "--url", "http://127.0.0.1:\(stack.service.port)/"])
        #expect(plain.code == 1)
        #expect(plain.text.contains("answered 400"))
    }

    @Test func healthSaysWhenThePortSpeaksNoTLS() throws {
        let stack = try Stack.local()
        let outcome = try CisternProcess.run(["health", "--url", "https://127.0.0.1:\(stack.service.port)/"])
        #expect(outcome.code == 1)
        #expect(outcome.text.contains("does not speak TLS"))
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let certificate: @Sendable (TLSFixtures) -> String
        let key: @Sendable (TLSFixtures) -> String
        /// What is said: the key, and a piece of the rule or the hint.
        let words: [String]
    }

    static let faults = [
        Fault(
            testDescription: "no key", certificate: { $0.server.certificate }, key: { _ in "" },
            words: ["http.tls_key_file", "together with http.tls_cert_file", "both or neither"]),
        Fault(
            testDescription: "no certificate", certificate: { _ in "" }, key: { $0.server.key },
            words: ["http.tls_cert_file", "together with http.tls_key_file", "both or neither"]),
        Fault(
            testDescription: "a key of another", certificate: { $0.server.certificate }, key: { $0.client.key },
            words: ["http.tls_key_file", "does not belong", "begin with the certificate"]),
        Fault(
            testDescription: "a file that is not there", certificate: { _ in "/nowhere/server.pem" },
            key: { $0.server.key }, words: ["http.tls_cert_file", "/nowhere/server.pem", "must be a file that exists"]),
        Fault(
            testDescription: "swapped", certificate: { $0.server.key }, key: { $0.server.certificate },
            words: ["http.tls_cert_file", "has no certificate", "not swapped"]),
    ]

    @Test(arguments: faults) func aFaultOfTheFilesIsNamed(fault: Fault) throws {
        let fixtures = try TLSFixtures.shared
        let environment = [
            "CISTERN_BACKEND": "local", "CISTERN_HTTP_PORT": "0",
            "CISTERN_HTTP_TLS_CERT_FILE": fault.certificate(fixtures), "CISTERN_HTTP_TLS_KEY_FILE": fault.key(fixtures),
        ]
        for arguments in [["config", "check"], ["serve"]] {
            let outcome = try CisternProcess.run(arguments, environment: environment)
            #expect(outcome.code == 78)
            #expect(!outcome.text.contains("listening on"))
            for word in fault.words + ["environment CISTERN_HTTP_TLS_"] {
                #expect(outcome.text.contains(word), "\(word) in: \(outcome.text)")
            }
        }
    }
}
