internal import CisternConfiguration

/// The names that stand in the headers `Host` and `Origin`.
enum HTTPNames {
    /// What speaks against a host with or without a port; an IPv6 address stands in brackets.
    static func objection(toHost text: String) -> Objection? {
        var host = text[...]
        let afterBracket = text.lastIndex(of: "]") ?? text.startIndex
        if let colon = text[afterBracket...].lastIndex(of: ":") {
            guard isPort(text[text.index(after: colon)...]) else {
                return Objection("must be a host with or without a port", hint: "an IPv6 address reads like [::1]:8080")
            }
            host = text[..<colon]
        }
        if host.contains(":"), host.first != "[" {
            return Objection("must be a host with or without a port", hint: "an IPv6 address reads like [::1]:8080")
        }
        return HostName.objection(to: String(host))
    }

    /// A port as it is written in a URL: digits alone, without zeros in front.
    private static func isPort(_ text: Substring) -> Bool {
        guard text.first != "0", text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return Int(text).map((1...65535).contains) ?? false
    }

    /// What speaks against origins: each is one (RFC 6454 §6.2), that is scheme, host and port, and nothing after them; or
    /// `*` stands alone for all.
    static func objections(toOrigins origins: [String]) -> [Objection] {
        if origins == [CORSRules.anyOrigin] { return [] }
        return origins.enumerated().compactMap { index, origin in objection(toOrigin: origin)?.inside("[\(index)]") }
    }

    private static func objection(toOrigin text: String) -> Objection? {
        if text == CORSRules.anyOrigin {
            return Objection("must stand alone", hint: "it allows every origin; leave it out, or the others")
        }
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
            return objection(toHost: String(text.dropFirst(scheme.count))).map { _ in unusable }
        }
        return unusable
    }

    private static let unusable = Objection(
        "must be an origin: http:// or https://, a host, perhaps a port, and nothing after it",
        hint: "one reads like https://app.example; * alone stands for all")
}
