import CisternBytes
import Glibc
import TestSupport
import Testing

/// A service on its embedded cache with files of its own, which a test may replace while it runs: its configuration, and
/// for HTTPS its certificate and key.
struct SecureStack: Sendable {
    let service: CisternProcess
    let folder: String

    /// Without an identity, it speaks plain HTTP.
    ///
    /// - Parameters:
    ///   - settings: What stands in the configuration file, as JSON, beside the backend.
    ///   - http: What stands in its section `http`.
    init(_ identity: TLSFixtures.Identity?, settings: String = "", http: String = "") throws {
        folder = try makeTemporaryFolder()
        if let identity { try Self.write(identity, to: folder) }
        try Self.write(settings, http, isTLS: identity != nil, to: folder)
        service = try CisternProcess(["--config", "\(folder)/cistern.json"])
    }

    /// With the server's certificate.
    init(settings: String = "", http: String = "") throws {
        try self.init(try TLSFixtures.shared.server, settings: settings, http: http)
    }

    static func tls(_ version: CurlTLS.Version? = nil) throws -> CurlTLS {
        CurlTLS(authority: try TLSFixtures.shared.authority, version: version)
    }

    /// A client that trusts the CA of the tests.
    func curl(host: String = "127.0.0.1", _ version: CurlTLS.Version? = nil) throws -> CurlClient {
        try CurlClient(port: service.port, host: host, tls: try Self.tls(version), keeping: service)
    }

    func plainCurl() throws -> CurlClient { try CurlClient(port: service.port, keeping: service) }

    /// A connection without TLS.
    func raw() throws -> RawConnection { try RawConnection(port: service.port) }

    // MARK: Changes

    func replace(_ identity: TLSFixtures.Identity) throws { try Self.write(identity, to: folder) }

    func configure(settings: String = "", http: String = "", isTLS: Bool = true) throws {
        try Self.write(settings, http, isTLS: isTLS, to: folder)
    }

    /// Sends SIGHUP; returns what the service logs until it has said what came of it.
    func reload() throws -> String {
        let before = service.text
        service.process.signal(SIGHUP)
        var log = ""
        let isDone = eventually(within: .seconds(20)) {
            log = String(service.text.dropFirst(before.count))
            return log.contains("reloaded") && log.hasSuffix("\n")
        }
        guard isDone else { throw TestFailure("nothing was reloaded:\n\(service.text)") }
        return log
    }

    private static func write(_ identity: TLSFixtures.Identity, to folder: String) throws {
        try writeFile("\(folder)/server.pem", try readFile(identity.certificate))
        try writeFile("\(folder)/server.key", try readFile(identity.key))
    }

    private static func write(_ settings: String, _ http: String, isTLS: Bool, to folder: String) throws {
        let tls = #""tls_cert_file": "\#(folder)/server.pem", "tls_key_file": "\#(folder)/server.key""#
        let members = [isTLS ? tls : "", http].filter { !$0.isEmpty }.joined(separator: ", ")
        let sections = [#""backend": "local""#, #""http": {\#(members)}"#, settings].filter { !$0.isEmpty }
        try writeFile("\(folder)/cistern.json", Bytes("{\(sections.joined(separator: ", "))}"))
    }
}
