import TestSupport
import Testing

@Suite("Certificates of the tests", .blocking) struct TLSFixturesTests {
    @Test(
        arguments: [
            ("server", "localhost", nil), ("server", "elsewhere.test", "hostname mismatch"),
            ("wrongName", "localhost", "hostname mismatch"), ("expired", "localhost", "certificate has expired"),
            ("stranger", nil, "unable to get local issuer"), ("client", nil, nil),
        ] as [(String, String?, String?)])
    func eachIsWrongInItsOwnWay(name: String, host: String?, fault: String?) throws {
        let fixtures = try TLSFixtures.shared
        let identities = [
            "server": fixtures.server, "wrongName": fixtures.wrongName, "expired": fixtures.expired,
            "stranger": fixtures.stranger, "client": fixtures.client,
        ]
        let certificate = try #require(identities[name]).certificate
        let arguments = ["verify", "-CAfile", fixtures.authority] + (host.map { ["-verify_hostname", $0] } ?? [])
        let verification = try ChildProcess("openssl", arguments + [certificate])
        #expect((try verification.wait() == .code(0)) == (fault == nil))
        #expect(fault.map { verification.errorOutput.contains($0) } ?? true, "\(verification.errorOutput)")
    }
}
