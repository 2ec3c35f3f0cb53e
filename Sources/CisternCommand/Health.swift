internal import ArgumentParser
internal import CisternService
internal import Glibc

/// `cistern health`.
struct Health: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a running service whether it is ready.",
        discussion: """
            For health checks of containers that have no curl. Asks /health/ready at the address that the configuration \
            gives, over TLS when that has a certificate. The certificate is not verified: it is made for the name that clients \
            know, not for this address, and nothing is sent or learned that had to be secret.

            Exit code 0 when the answer is 200, 1 when it is not or none comes within two seconds.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Option(help: "Ask this address and not the configured one, such as http://127.0.0.1:8080/health.") var url: String?

    func run() async throws {
        let target = try url.map { try Target(url: $0) } ?? Target(try options.load().config.http)
        let status: Int
        do throws(HealthProbe.Failure) {
            status = try HealthProbe.status(of: target)
        } catch {
            printError("cistern: \(target.shown): \(error.message)")
            throw ExitCode.failure
        }
        guard status == 200 else {
            printError("cistern: \(target.shown) answered \(status)")
            throw ExitCode.failure
        }
        print("ready")
    }
}
