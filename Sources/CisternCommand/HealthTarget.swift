internal import ArgumentParser
internal import CisternService

extension Health {
    /// Whom to ask for what.
    struct Target {
        var isTLS: Bool
        var host: String
        var port: String
        var path = "/health/ready"

        /// Host and port as a URL has them.
        var authority: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

        var shown: String { "\(isTLS ? "https" : "http")://\(authority)\(path)" }

        init(_ http: ServiceConfig.HTTPSection) {
            let bare = http.host.hasPrefix("[") ? String(http.host.dropFirst().dropLast()) : http.host
            // Who listens on every address listens on the loopback one.
            host = bare == "0.0.0.0" ? "127.0.0.1" : bare == "::" ? "::1" : bare
            port = String(http.port)
            isTLS = http.isTLS
        }

        init(url: String) throws {
            let scheme = ["http://", "https://"].first { url.hasPrefix($0) }
            guard let scheme, url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw ValidationError("--url must begin with http:// or https://")
            }
            isTLS = scheme == "https://"
            let rest = url.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" }
            if authority.count < rest.count { path = String(rest.dropFirst(authority.count)) }
            var hostPart = authority
            port = isTLS ? "443" : "80"
            if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
                hostPart = authority[..<colon]
                port = String(authority[authority.index(after: colon)...])
            }
            guard let number = UInt16(port), number > 0 else { throw ValidationError("--url has no valid port") }
            host = hostPart.hasPrefix("[") ? String(hostPart.dropFirst().dropLast()) : String(hostPart)
            guard !host.isEmpty else { throw ValidationError("--url has no host") }
        }
    }
}
