internal import CisternConfiguration

/// The names that stand in the headers `Host` and `Origin`.
enum HTTPNames {
    /// What speaks against a host with or without a port; an IPv6 address stands in brackets.
    static func objection(toHost text: String) -> Objection? {
        var host = text[...]
        let afterBracket = text.lastIndex(of: "]") ?? text.startIndex
        if let colon = text[afterBracket...].lastIndex(of: ":") {
            guard let port = Int(text[text.index(after: colon)...]), (1...65535).contains(port) else {
                return Objection("must be a host with or without a port", hint: "an IPv6 address reads like [::1]:8080")
            }
            host = text[..<colon]
        }
        if host.contains(":"), host.first != "[" {
            return Objection("must be a host with or without a port", hint: "an IPv6 address reads like [::1]:8080")
        }
        return HostName.objection(to: String(host))
    }

    /// What speaks against an origin (RFC 6454 §6.2): scheme, host and port, and nothing after them.
    static func objection(toOrigin text: String) -> Objection? {
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
            return objection(toHost: String(text.dropFirst(scheme.count))).map { _ in unusable }
        }
        return unusable
    }

    private static let unusable = Objection(
        "must be an origin: http:// or https://, a host, perhaps a port, and nothing after it",
        hint: "one reads like https://app.example; there is no wildcard")
}
