internal import CisternSockets

/// How a client secures its connections: the loaded files, and whom it expects.
struct TLSClient: Sendable {
    let context: TLSContext
    let serverName: String
    /// Which server a kept TLS session belongs to.
    let resumptionKey: String

    /// Loads the files that the options name.
    init(_ tls: RedisConnectionOptions.TLS, for options: RedisConnectionOptions) throws(TLSError) {
        func named(_ file: String) -> String? { file.isEmpty ? nil : file }
        context = try TLSContext.client(
            TLSClientOptions(
                caFile: named(tls.caFile), certificateFile: named(tls.certificateFile), keyFile: named(tls.keyFile),
                verify: !tls.skipsVerification))
        let host = options.host.hasPrefix("[") ? String(options.host.dropFirst().dropLast()) : options.host
        serverName = tls.serverName.isEmpty ? host : tls.serverName
        resumptionKey = options.address
    }
}
