internal import CisternBytes
internal import CisternConfiguration
internal import CisternHTTP

/// Which `Host` a request may name: without a token, a web page could otherwise reach a service on this machine by a name
/// that it lets resolve to 127.0.0.1 (DNS rebinding).
struct HostRules: Sendable {
    /// In lower case, without a port; nil for any.
    private let allowed: [Bytes]?

    init(_ config: ServiceConfig) {
        if !config.http.allowedHosts.isEmpty {
            allowed = config.http.allowedHosts.map { Bytes($0.lowercased()) }
        } else if HostName.isLoopback(config.http.host), config.auth.tokens.list.isEmpty {
            allowed = ["localhost", "127.0.0.1", "[::1]"]
        } else {
            allowed = nil
        }
    }

    let refusal = Refusal(.misdirectedRequest, "this Host is not served here; http.allowed_hosts lists those that are")

    func allow(_ head: HTTPRequestHead) -> Bool {
        // HTTP/1.0 may come without a Host.
        guard let allowed, head.hasHost else { return true }
        let host = head.host
        return allowed.contains { Self.equal(host, lowercase: $0) }
    }

    private static func equal(_ host: Span<UInt8>, lowercase name: Bytes) -> Bool {
        guard host.count == name.count else { return false }
        for index in host.indices where ASCII.lowercased(host[index]) != name[index] { return false }
        return true
    }
}

extension Route {
    /// Health is asked for by address, whatever the service is called.
    var isHostChecked: Bool {
        switch self {
        case .health, .live, .ready: false
        case .key, .stats: true
        }
    }
}
