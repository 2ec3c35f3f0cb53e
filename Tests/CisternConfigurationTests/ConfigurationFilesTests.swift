import CisternConfiguration
import Glibc
import Testing

@Suite struct ConfigurationFilesTests {
    /// Calls `body` with the path of a file of its own that has this content.
    private func withFile<Result>(_ content: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        var template = Array("/tmp/cistern-test-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        try #require(descriptor >= 0)
        var written = 0
        while written < content.count {
            let count = content[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            try #require(count > 0)
            written += count
        }
        close(descriptor)
        return try body(path)
    }

    @Test(arguments: [0, 1, 65535, 65536, 65537, 200_000, ConfigurationFiles.largestFile])
    func readsAWholeFile(size: Int) throws {
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        try withFile(content) { path in
            let whole = try ConfigurationFiles.system.read(path)
            #expect(whole == content)
            #expect(ConfigurationFiles.objectionToReading(path) == nil)
        }
    }

    @Test func refusesAFileThatIsTooLarge() throws {
        try withFile(Array(repeating: 0x20, count: ConfigurationFiles.largestFile + 1)) { path in
            let error = #expect(throws: Objections.self) { try ConfigurationFiles.system.read(path) }
            #expect(error?.list.first?.rule == "must be a file of at most 1048576 bytes")
        }
    }

    @Test func refusesAFileWithoutEnd() {
        #expect(throws: Objections.self) { try ConfigurationFiles.system.read("/dev/zero") }
    }

    @Test(arguments: [
        ("/nonexistent/cistern.json", "must be a file that exists", "there is no /nonexistent/cistern.json"),
        ("/dev/null/cistern.json", "must be a file that exists", "a part of /dev/null/cistern.json is no directory"),
        ("/", "must be a file", "/ is a directory"), ("", "must be a file that exists", "there is no "),
        ("a\0b", "must be a path without NUL characters", ""),
    ])
    func saysWhyAFileCannotBeRead(path: String, rule: String, hint: String) {
        let error = #expect(throws: Objections.self) { try ConfigurationFiles.system.read(path) }
        #expect(error?.list == [Objection(rule, hint: hint)])
        #expect(ConfigurationFiles.objectionToReading(path) == Objection(rule, hint: hint))
    }
}
