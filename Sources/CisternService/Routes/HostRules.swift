internal import CisternBytes
internal import CisternConfiguration
internal import CisternHTTP

/// Which `Host` a request may name: without a token, a web page could otherwise reach a service on this machine by a name
/// that it lets resolve to 127.0.0.1 (DNS rebinding).
///
/// Never changed: a connection remembers which rules have accepted its host.
final class HostRules: Sendable {
    private struct Name: Sendable {
        /// In lower case.
        let host: Bytes
        /// Nil for any.
        let port: UInt16?
    }

    /// Nil for any.
    private let allowed: [Name]?
    /// RFC 9110 §4.2: the port where none is named.
    private let standardPort: UInt16

    init(_ config: ServiceConfig) {
        standardPort = config.http.isTLS ? 443 : 80
        if !config.http.allowedHosts.isEmpty {
            allowed = config.http.allowedHosts.map(Self.read)
        } else if HostName.isLoopback(config.http.host), config.auth.tokens.list.isEmpty {
            allowed = ["localhost", "127.0.0.1", "[::1]", Self.uriHost(config.http.host)].map {
                Name(host: $0, port: nil)
            }
        } else {
            allowed = nil
        }
    }

    /// An address as a URI has it, in lower case.
    private static func uriHost(_ address: String) -> Bytes {
        Bytes((address.contains(":") && !address.hasPrefix("[") ? "[\(address)]" : address).lowercased())
    }

    let refusal = Refusal(.misdirectedRequest, "this Host is not served here; http.allowed_hosts lists those that are")

    func allow(_ head: HTTPRequestHead) -> Bool {
        // HTTP/1.0 may come without a Host.
        guard let allowed, head.hasHost, !head.isHostAccepted(by: self) else { return true }
        let host = head.host
        let port = head.port ?? standardPort
        guard allowed.contains(where: { ($0.port ?? port) == port && ASCII.equal(host, lowercase: $0.host.span) })
        else {
            return false
        }
        head.acceptHost(by: self)
        return true
    }

    /// Takes a name of the configuration apart, which has been checked: an IPv6 address stands in brackets.
    private static func read(_ text: String) -> Name {
        let text = text.lowercased()
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
            !text[colon...].contains("]")
        else { return Name(host: Bytes(text), port: nil) }
        return Name(host: Bytes(String(text[..<colon])), port: port)
    }
}
