internal import CisternConfiguration
internal import CisternSockets

extension ServiceConfig.HTTPSection {
    /// Whether connections speak TLS.
    package var isTLS: Bool { !tlsCertFile.isEmpty }

    /// What it is reached by: `https` or `http`.
    package var scheme: String { isTLS ? "https" : "http" }

    /// Reads certificate, chain and key; nil without HTTPS.
    func tlsContext() throws(TLSError) -> TLSContext? {
        guard isTLS else { return nil }
        return try TLSContext.server(certificateFile: tlsCertFile, keyFile: tlsKeyFile)
    }
}

extension ServiceConfig {
    /// What the TLS files hold must be a certificate and its key. Looks at the disk.
    static let tlsFiles = ConfigurationRule<ServiceConfig>("http.tls_cert_file", "http.tls_key_file") { config in
        // Of a file that is missing or cannot be read, another rule has said so.
        let files = [config.http.tlsCertFile, config.http.tlsKeyFile]
        guard files.allSatisfy({ !$0.isEmpty && ConfigurationFiles.objectionToReading($0) == nil }) else { return [] }
        do throws(TLSError) {
            _ = try config.http.tlsContext()
            return []
        } catch {
            return [error.httpBreach]
        }
    }
}

extension TLSError {
    /// What this says about the configuration of the listener.
    var httpBreach: Breach {
        let key = file?.role == .key ? "http.tls_key_file" : "http.tls_cert_file"
        return Breach(key, "cannot be used: \(message)", hint: hint)
    }
}
