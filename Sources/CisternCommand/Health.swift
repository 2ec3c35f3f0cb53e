internal import ArgumentParser
internal import CisternService
internal import Glibc

/// `cistern health`.
struct Health: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a running service whether it is ready.",
        discussion: """
            For health checks of containers that have no curl. Asks /health/ready at the address that the configuration \
            gives.

            Exit code 0 when the answer is 200, 1 when it is not or none comes within two seconds.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Option(help: "Ask this address and not the configured one, such as http://127.0.0.1:8080/health.") var url: String?

    func run() async throws {
        let target = try url.map { try Target(url: $0) } ?? Target(try options.load().config.http)
        switch HealthProbe.status(of: target) {
        case .success(200): print("ready")
        case .success(let status):
            printError("cistern: \(target.shown) answered \(status)")
            throw ExitCode.failure
        case .failure(let error):
            printError("cistern: \(target.shown): \(error.message)")
            throw ExitCode.failure
        }
    }

    /// Whom to ask for what.
    struct Target {
        var host: String
        var port: String
        var path = "/health/ready"

        var shown: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)\(path)" }

        init(_ http: ServiceConfig.HTTPSection) {
            let bare = http.host.hasPrefix("[") ? String(http.host.dropFirst().dropLast()) : http.host
            // Who listens on every address listens on the loopback one.
            host = bare == "0.0.0.0" ? "127.0.0.1" : bare == "::" ? "::1" : bare
            port = String(http.port)
        }

        init(url: String) throws {
            guard url.hasPrefix("http://"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw ValidationError("--url must begin with http://")
            }
            let rest = url.dropFirst("http://".count)
            let authority = rest.prefix { $0 != "/" }
            if authority.count < rest.count { path = String(rest.dropFirst(authority.count)) }
            var hostPart = authority
            port = "80"
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
