import Glibc

/// Certificates and keys, good and bad, made once per run in a directory that goes with the process.
struct TestCertificates: Sendable {
    static var shared: TestCertificates { get throws { try made.get() } }

    private static let made = Result { try TestCertificates() }

    let directory: String

    subscript(_ file: String) -> String { "\(directory)/\(file)" }

    private init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/cistern-tls-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw OpenSSLCommand.Failure(description: "no directory can be made in \(parent)")
        }
        directory = String(cString: made)
        atexit { (try? TestCertificates.shared)?.remove() }
        // The machine's own configuration would add extensions.
        try write("openssl.cnf", "[req]\ndistinguished_name=dn\n[dn]\n")

        try makeAuthority("ca")
        try makeAuthority("other-ca")
        try makeAuthority("intermediate", issuer: "ca")
        try issue("server", names: "DNS:cache.test,DNS:*.wild.test,DNS:fo*.partial.test,IP:127.0.0.1,IP:::1")
        try issue("chained", names: "DNS:cache.test", issuer: "intermediate")
        try write("chain.pem", try read("chained.pem") + read("intermediate.pem"))
        try issue("client", names: "DNS:client.test")
        try issue("stranger", names: "DNS:client.test", issuer: "other-ca")
        try issue("weak", names: "DNS:cache.test", key: ["-newkey", "rsa:1024"])
        try issueExpired()
        try spoil()
        try reshape()
    }

    /// Other forms in which the same certificate and key are stored.
    private func reshape() throws {
        try openssl("x509", "-in", self["ca.pem"], "-trustout", "-out", self["trusted.pem"])
        try openssl("ec", "-in", self["server.key"], "-out", self["old-form.key"])
        try write("together.pem", try read("server.key") + read("server.pem"))
        try openssl("ecparam", "-name", "prime256v1", "-out", self["parameters.pem"])
        try write("old-form-with-parameters.key", try read("parameters.pem") + read("old-form.key"))
    }

    /// A certificate that ended yesterday, for the server's key.
    private func issueExpired() throws {
        try openssl(
            "req", "-config", self["openssl.cnf"], "-new", "-key", self["server.key"], "-subj", "/CN=cache.test",
            "-addext", "subjectAltName=DNS:cache.test", "-out", self["expired.csr"])
        try openssl(
            "x509", "-req", "-in", self["expired.csr"], "-days", "-1", "-copy_extensions", "copy",
            "-CA", self["ca.pem"], "-CAkey", self["ca.key"], "-set_serial", "99", "-out", self["expired.pem"])
    }

    /// Files that must be refused.
    private func spoil() throws {
        try openssl("pkey", "-in", self["server.key"], "-aes256", "-passout", "pass:x", "-out", self["encrypted.key"])
        try openssl("ec", "-in", self["server.key"], "-aes256", "-passout", "pass:x", "-out", self["encrypted-old.key"])
        try openssl("x509", "-in", self["server.pem"], "-outform", "der", "-out", self["server.der"])
        try write("empty.pem", "")
        try write("text.pem", "no certificate here\n")
        let pem = try read("server.pem")
        try write("cut.pem", String(pem.prefix(pem.count / 2)))
        try write(
            "damaged.pem", pem.split(separator: "\n").map { $0.first == "M" ? "!" + $0 : $0 }.joined(separator: "\n"))
        try write("half-good.pem", pem + pem.prefix(pem.count / 2))
    }

    private func makeAuthority(_ name: String, issuer: String? = nil) throws {
        try request(name, subject: name, extensions: ["basicConstraints=critical,CA:TRUE"], issuer: issuer)
    }

    private func issue(_ name: String, names: String, issuer: String = "ca", key: [String]? = nil) throws {
        try request(name, subject: "\(name).invalid", extensions: ["subjectAltName=\(names)"], issuer: issuer, key: key)
    }

    private func request(
        _ name: String, subject: String, extensions: [String], issuer: String?, key: [String]? = nil
    ) throws {
        var arguments = [
            "req", "-config", self["openssl.cnf"], "-x509", "-nodes", "-days", "30", "-subj", "/CN=\(subject)",
        ]
        arguments += key ?? ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        arguments += extensions.flatMap { ["-addext", $0] }
        if let issuer { arguments += ["-CA", self["\(issuer).pem"], "-CAkey", self["\(issuer).key"]] }
        try OpenSSLCommand.run(arguments + ["-keyout", self["\(name).key"], "-out", self["\(name).pem"]])
    }

    private func openssl(_ arguments: String...) throws { try OpenSSLCommand.run(arguments) }

    func read(_ name: String) throws -> String {
        guard let file = fopen(self[name], "r") else {
            throw OpenSSLCommand.Failure(description: "\(name) is not there")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private func write(_ name: String, _ text: String) throws {
        guard let file = fopen(self[name], "w") else {
            throw OpenSSLCommand.Failure(description: "\(name) cannot be written")
        }
        fputs(text, file)
        fclose(file)
    }

    private func remove() {
        guard let entries = opendir(directory) else { return }
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            unlink(self[name])
        }
        closedir(entries)
        rmdir(directory)
    }
}
