import CisternSockets

/// Contexts as most tests want them.
enum TestContexts {
    static func client(
        ca: String = "ca.pem", certificate: String? = nil, verify: Bool = true, version: TLSVersion = .tls13
    ) throws -> TLSContext {
        let files = try TestCertificates.shared
        return try TLSContext.client(
            TLSClientOptions(
                caFile: files[ca], certificateFile: certificate.map { files["\($0).pem"] },
                keyFile: certificate.map { files["\($0).key"] }, verify: verify, maximumVersion: version))
    }

    static func server(
        certificate: String = "server.pem", key: String = "server.key", clientCA: String? = nil,
        version: TLSVersion = .tls13
    ) throws -> TLSContext {
        let files = try TestCertificates.shared
        return try TLSContext.server(
            certificateFile: files[certificate], keyFile: files[key], clientCAFile: clientCA.map { files[$0] },
            maximumVersion: version)
    }
}
