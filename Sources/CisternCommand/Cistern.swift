internal import ArgumentParser
internal import Glibc

/// The program.
@main
struct Cistern: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "cistern",
        abstract: "A cache over HTTP, kept in Redis.",
        discussion: """
            cistern serve answers GET, HEAD, PUT and DELETE of /keys/{key}, and GET of /health and /stats. It is \
            configured by a JSON file, the environment and flags:

              cistern serve
              curl -T file http://localhost:8080/keys/name
              cistern config show

            Exit codes: 0 done, 1 a test or check failed, 64 wrong usage, 69 the address cannot be listened on, 78 the \
            configuration is not valid.
            """,
        version: version,
        subcommands: [Serve.self, Config.self, RedisTest.self, FallbackTest.self, Health.self])
}

/// Why the program ends, as its parent sees it (sysexits.h).
extension ExitCode {
    /// EX_UNAVAILABLE: the port is taken, or the address is not this machine's.
    static let unavailable = ExitCode(69)
    /// EX_CONFIG.
    static let configuration = ExitCode(78)
}

/// Writes a line to standard error.
func printError(_ text: String) {
    var text = text + "\n"
    text.withUTF8 { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = write(
                STDERR_FILENO, UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest)).baseAddress, rest.count)
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
