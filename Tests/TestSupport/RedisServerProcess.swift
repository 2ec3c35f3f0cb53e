package import CisternBytes
import CisternLocks
import Glibc

/// A real `redis-server` of a test's own, on free ports of the loopback and on a unix socket, without persistence unless
/// the options ask for it.
/// It is ready when the initialiser returns, and gone with this value or with the tests.
///
/// One connection of the server, over the unix socket, is the tests' own and counts as a client.
package final class RedisServerProcess: Sendable {
    package let port: UInt16
    /// The port for TLS, where the options have it.
    package let tlsPort: UInt16
    private let folder: String
    private let state: Locked<State>

    private struct State: ~Copyable {
        var process: ChildProcess?
        var control: RedisControl?
    }

    package var unixPath: String { "\(folder)/redis.sock" }

    package init(_ options: Options = Options()) throws {
        folder = try makeTemporaryFolder()
        port = try freePort()
        tlsPort = try freePort()
        state = Locked(State())
        try start(options)
    }

    /// Starts the server again on the same ports and socket: empty, unless its options are to keep data.
    ///
    /// - Parameter awaitsData: Whether to return only when the data has been loaded.
    package func restart(_ options: Options = Options(), awaitsData: Bool = true) throws {
        kill9()
        try start(options, awaitsData: awaitsData)
    }

    private func start(_ options: Options, awaitsData: Bool = true) throws {
        let file = "\(folder)/redis.conf"
        try writeFile(file, Bytes(Self.configuration(options, port: port, tlsPort: tlsPort, folder: folder)))
        let process = try ChildProcess("redis-server", [file], installation: "apt-get install redis-server")
        state.withLock {
            $0.process = process
            $0.control = nil
        }
        let isReady = try eventually(within: .seconds(20)) {
            if let exit = process.exitIfEnded { throw TestFailure("redis-server ended, \(exit):\n\(process.output)") }
            switch try? cli("PING") {
            case .status("PONG"): return true
            case .error(let text): return !awaitsData && text.hasPrefix("LOADING")
            default: return false
            }
        }
        guard isReady else { throw TestFailure("redis-server does not answer:\n\(process.output)") }
    }

    /// Ends it as `kill -9` does, without a word to its clients, and waits until it is gone.
    package func kill9() { current?.kill() }

    /// Ends it in order (SIGTERM), and waits until it is gone.
    package func stop() throws {
        current?.signal(SIGTERM)
        _ = try current?.wait()
    }

    /// Stops it from running: connections stay, nothing is answered (SIGSTOP). Returns when it has stopped.
    package func pause() {
        guard let current else { return }
        current.signal(SIGSTOP)
        _ = eventually { (try? readText("/proc/\(current.pid)/stat"))?.contains(") T ") ?? true }
    }

    /// Lets a paused server go on (SIGCONT).
    package func resume() { current?.signal(SIGCONT) }

    private var current: ChildProcess? { state.withLock { $0.process } }

    /// What the server has logged.
    package var log: String { current?.output ?? "" }

    /// Sends a command as `redis-cli` would, with all rights, and returns the reply, which may be an error of Redis.
    @discardableResult
    package func cli(_ arguments: Bytes...) throws -> RedisReply { try cli(arguments) }

    @discardableResult
    package func cli(_ arguments: [Bytes]) throws -> RedisReply {
        try state.withLock { state in
            do {
                let control = try state.control ?? connect()
                state.control = control
                return try control.send(arguments)
            } catch {
                state.control = nil
                throw error
            }
        }
    }

    private func connect() throws -> RedisControl {
        let control = RedisControl(try RawConnection(unixPath: unixPath))
        let reply = try control.send(["AUTH", Bytes(Self.controlUser), Bytes(Self.controlPassword)])
        guard reply == .status("OK") else { throw TestFailure("the tests' own user was refused: \(reply)") }
        return control
    }
}

extension RedisServerProcess {
    /// The clients that are connected, without the tests' own connection.
    package func clients() throws -> [String] {
        let list = try cli("CLIENT", "LIST").text ?? ""
        return list.split(separator: "\n").map(String.init).filter { !$0.contains("user=\(Self.controlUser)") }
    }

    /// A program that writes down every command that the server executes, until it is released.
    package func monitor() throws -> ChildProcess {
        let arguments = [
            "-s", unixPath, "--user", Self.controlUser, "--pass", Self.controlPassword, "--no-auth-warning",
        ]
        let monitor = try ChildProcess("redis-cli", arguments + ["MONITOR"])
        guard eventually({ monitor.output.hasPrefix("OK") }) else {
            throw TestFailure("MONITOR: \(monitor.output)\(monitor.errorOutput)")
        }
        return monitor
    }

    /// How many passwords of clients it has refused, within the last minute and longer.
    package func refusedPasswords() throws -> Int {
        guard case .array(let entries) = try cli("ACL", "LOG", "128") else { throw TestFailure("no ACL LOG") }
        return entries.reduce(0) { sum, entry in
            guard case .array(let fields) = entry else { return sum }
            // Names and values by turns.
            func value(_ name: String) -> RedisReply? {
                fields.firstIndex { $0.text == name }.map { fields[$0 + 1] }
            }
            return value("reason")?.text == "auth" ? sum + (value("count")?.integer ?? 0) : sum
        }
    }

    /// Rewrites the file that keeps the data, and returns when that is done. Only what was rewritten is loaded key by key.
    package func rewriteFile() throws {
        let before = try info("aof_rewrites")
        try cli("BGREWRITEAOF")
        let isDone = try eventually(within: .seconds(20)) {
            try info("aof_rewrites") != before && info("aof_rewrite_in_progress") == "0"
                && info("aof_rewrite_scheduled") == "0"
        }
        guard isDone, try info("aof_last_bgrewrite_status") == "ok" else {
            throw TestFailure("BGREWRITEAOF failed:\n\(log)")
        }
    }

    /// A line of INFO: `info("total_commands_processed")`.
    package func info(_ name: String) throws -> String? {
        let text = try cli("INFO", "everything").text ?? ""
        for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("\(name):") {
            return String(line.dropFirst(name.count + 1))
        }
        return nil
    }
}
