internal import CisternConfiguration
internal import CisternSockets

extension RedisConfig {
    /// What the TLS files hold must be what they are there for. Looks at the disk.
    static let tlsFiles = ConfigurationRule<RedisConfig>("tls_cert_file", "tls_key_file", "tls_ca_file") { config in
        func named(_ file: String) -> String? { file.isEmpty ? nil : file }
        // Of a file that cannot be read, another rule has said so.
        let files = [config.tlsCertFile, config.tlsKeyFile, config.tlsCAFile].filter { !$0.isEmpty }
        guard files.allSatisfy({ ConfigurationFiles.objectionToReading($0) == nil }) else { return [] }
        let certificate = named(config.tlsCertFile)
        let key = named(config.tlsKeyFile)
        let authorities = named(config.tlsCAFile)
        // Apart from each other, so that the faults of both are found at once.
        return breach(TLSClientOptions(caFile: authorities, certificateFile: nil, keyFile: nil, verify: false))
            + (certificate == nil || key == nil
                ? [] : breach(TLSClientOptions(caFile: nil, certificateFile: certificate, keyFile: key, verify: false)))
    }

    private static func breach(_ options: TLSClientOptions) -> [Breach] {
        do throws(TLSError) {
            _ = try TLSContext.client(options)
            return []
        } catch {
            return [error.breach]
        }
    }
}

extension TLSError {
    /// What this says about the configuration.
    var breach: Breach {
        let key =
            switch file?.role {
            case .certificate: "tls_cert_file"
            case .key: "tls_key_file"
            case .authorities: "tls_ca_file"
            case nil: "tls_enabled"
            }
        return Breach(key, "cannot be used: \(message)", hint: hint)
    }
}
