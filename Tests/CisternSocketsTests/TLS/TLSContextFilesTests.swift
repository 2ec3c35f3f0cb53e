import CisternSockets
import Testing

@Suite struct TLSContextFilesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let file: String
        let code: TLSError.Code
        /// A word that the message or the hint must have.
        let says: String
        var testDescription: String { file }

        init(_ file: String, _ code: TLSError.Code, _ says: String) {
            self.file = file
            self.code = code
            self.says = says
        }
    }

    private func expect(
        _ expected: Case, of role: TLSFile.Role, from make: (String) throws -> TLSContext
    ) throws {
        let path = try TestCertificates.shared[expected.file]
        let error = try #require(throws: TLSError.self) { _ = try make(path) }
        #expect(error.code == expected.code)
        #expect(error.file == TLSFile(role, path))
        #expect(error.message.contains(path))
        #expect(error.description.contains(expected.says))
    }

    static let anyFile = [
        Case("missing.pem", .unreadableFile, "No such file"),
        Case("", .unreadableFile, "directory"),
        Case("empty.pem", .malformedFile, "not PEM"),
        Case("text.pem", .malformedFile, "not PEM"),
        Case("server.der", .malformedFile, "inform der"),
    ]
    static let certificates =
        anyFile + [
            Case("server.key", .nothingInFile, "PRIVATE KEY"),
            Case("cut.pem", .malformedFile, "damaged"),
            Case("damaged.pem", .malformedFile, "damaged"),
            Case("half-good.pem", .malformedFile, "damaged"),
        ]

    @Test(arguments: certificates)
    func aCAFileThatIsNoneIsRefusedWhetherItIsUsedOrNot(expected: Case) throws {
        for verify in [true, false] {
            try expect(expected, of: .authorities) { path throws in
                try TLSContext.client(.init(caFile: path, verify: verify))
            }
        }
        let files = try TestCertificates.shared
        try expect(expected, of: .authorities) { path throws in
            try TLSContext.server(
                certificateFile: files["server.pem"], keyFile: files["server.key"], clientCAFile: path)
        }
    }

    @Test(arguments: certificates + [Case("weak.pem", .unusableFile, "key too small")])
    func aCertificateFileThatIsNoneIsRefused(expected: Case) throws {
        let files = try TestCertificates.shared
        try expect(expected, of: .certificate) { path throws in
            try TLSContext.server(certificateFile: path, keyFile: files["server.key"])
        }
        try expect(expected, of: .certificate) { path throws in
            try TLSContext.client(.init(certificateFile: path, keyFile: files["server.key"]))
        }
    }

    @Test(
        arguments: anyFile + [
            Case("server.pem", .nothingInFile, "CERTIFICATE"),
            Case("client.key", .keyMismatch, "server.pem"),
            Case("encrypted.key", .encryptedKey, "passphrase"),
            Case("encrypted-old.key", .encryptedKey, "passphrase"),
        ])
    func aKeyFileThatIsNoneOrOfAnotherCertificateIsRefused(expected: Case) throws {
        let files = try TestCertificates.shared
        try expect(expected, of: .key) { path throws in
            try TLSContext.server(certificateFile: files["server.pem"], keyFile: path)
        }
        try expect(expected, of: .key) { path throws in
            try TLSContext.client(.init(certificateFile: files["server.pem"], keyFile: path))
        }
    }

    @Test func aCertificateAndItsKeyComeTogetherOrNotAtAll() throws {
        let files = try TestCertificates.shared
        let withoutKey = try #require(throws: TLSError.self) {
            _ = try TLSContext.client(.init(certificateFile: files["client.pem"]))
        }
        #expect(withoutKey.code == .incompletePair)
        #expect(withoutKey.file?.role == .certificate)
        let withoutCertificate = try #require(throws: TLSError.self) {
            _ = try TLSContext.client(.init(keyFile: files["client.key"]))
        }
        #expect(withoutCertificate.code == .incompletePair)
        #expect(withoutCertificate.file?.role == .key)
    }

    @Test(arguments: [
        ("server.pem", "old-form.key"), ("server.pem", "old-form-with-parameters.key"),
        ("together.pem", "together.pem"),
    ])
    func otherFormsOfTheSameFilesAreRead(certificate: String, key: String) throws {
        var pair = try TLSPair(
            client: TestContexts.client(ca: "trusted.pem"),
            server: TestContexts.server(certificate: certificate, key: key))
        #expect(pair.shake() == (.done, .done))
    }
}
