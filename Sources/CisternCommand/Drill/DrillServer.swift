internal import CisternConfiguration
internal import CisternRedis
internal import Glibc

/// A redis-server of the drill's own: on the loopback address, with a password that nobody else knows, and with a file
/// from which it has its data again after `kill -9`.
final class DrillServer {
    private static let patience: Duration = .seconds(10)

    let program: String
    let port: UInt16
    /// How it is reached.
    let config: RedisConfig
    private let folder: DrillFolder
    private var process: pid_t?

    /// A server that has not been started.
    init(program: String, port: UInt16) throws(Steps.Fault) {
        folder = try DrillFolder()
        self.program = program
        self.port = port
        var config = RedisConfig.ofDrill(port: port)
        config.password = String(UInt64.random(in: .min ... .max), radix: 36)
        self.config = config
    }

    /// Starts it, and returns when it answers.
    func start() async throws {
        let settings = """
            bind 127.0.0.1
            port \(port)
            requirepass \(config.password)
            save ""
            appendonly yes
            appendfsync no
            daemonize no
            logfile log

            """
        try Self.write(settings, to: "\(folder.path)/conf")
        let process = try folder.start(program, ["conf"])
        self.process = process
        let end = ContinuousClock.now + Self.patience
        while true {
            do {
                return try await withClient { _ in }
            } catch {
                if ProgramFile.hasEnded(process, waiting: false) {
                    self.process = nil
                    folder.forget()
                    throw Steps.Fault("\(program) ended\(lastWords)")
                }
                guard ContinuousClock.now < end else { throw Steps.Fault("\(program) does not answer: \(error)") }
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Ends it as `kill -9` does, and returns when it is gone.
    func kill() {
        guard let process else { return }
        _ = Glibc.kill(-process, SIGKILL)
        _ = ProgramFile.hasEnded(process, waiting: true)
        self.process = nil
        folder.forget()
    }

    /// Ends it and removes all that it has left.
    func remove() {
        kill()
        folder.remove()
    }

    /// Calls `body` with a client that has no fallback: what it is told is what Redis says.
    func withClient<Result>(_ body: (RedisClient) async throws -> Result) async throws -> Result {
        var config = config
        config.maxRetries = 0
        let client = try await config.makeClient()
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }

    /// The last line of its log, which says why it ended.
    private var lastWords: String {
        let log = (try? ConfigurationFiles.system.read("\(folder.path)/log")) ?? []
        return String(decoding: log, as: UTF8.self).split(whereSeparator: \.isNewline).last.map { ": \($0)" } ?? ""
    }

    private static func write(_ text: String, to path: String) throws(Steps.Fault) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let bytes = Array(text.utf8)
        defer { if file >= 0 { close(file) } }
        guard file >= 0, Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw Steps.Fault("\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }
}

extension RedisConfig {
    /// Quick to notice and quick to come back.
    static func ofDrill(port: UInt16) -> RedisConfig {
        var config = RedisConfig()
        config.host = "127.0.0.1"
        config.port = Int(port)
        config.dialTimeout = .seconds(1)
        config.readTimeout = .seconds(1)
        config.minRetryBackoff = .milliseconds(20)
        config.maxRetryBackoff = .milliseconds(100)
        return config
    }
}
