import CisternBytes
import CisternLocks
package import Glibc

/// A program that a test started. Its output goes to files, so that it never waits for a reader, and it is killed with
/// its whole process group when this value goes, or when the tests end in whatever way.
package final class ChildProcess: Sendable {
    package enum Exit: Equatable, Sendable {
        case code(Int32)
        case signal(Int32)
    }

    package let pid: pid_t
    /// Where it runs, and its output lies.
    package let folder: String
    private let exit = Locked<Exit?>(nil)

    /// - Parameters:
    ///   - environment: All of the child's environment, but for PATH.
    ///   - output: What standard output is instead of a file, where the test wants it otherwise; it stays the caller's.
    ///   - installation: The command that installs the program, for the report when it is missing.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], output: Int32? = nil,
        installation: String? = nil
    ) throws {
        folder = try makeTemporaryFolder()
        let streams = StandardStreams(
            output: output.map { .descriptor($0) } ?? .file("\(folder)/stdout"), error: .file("\(folder)/stderr"))
        do {
            pid = try spawn(
                program, arguments, environment: ["PATH": defaultPath].merging(environment) { $1 }, folder: folder,
                streams: streams)
        } catch {
            guard let installation else { throw error }
            throw TestFailure("\(error); to install it: \(installation)")
        }
    }

    deinit { kill() }

    /// What the child has written so far.
    package var output: String { (try? readText("\(folder)/stdout")) ?? "" }
    package var errorOutput: String { (try? readText("\(folder)/stderr")) ?? "" }

    /// How the child ended; nil while it runs.
    package var exitIfEnded: Exit? {
        exit.withLock { exit in
            if exit == nil { exit = reap(WNOHANG) }
            return exit
        }
    }

    package func signal(_ number: Int32) {
        // Under the lock, so that the number cannot have been given to another process.
        exit.withLock { exit in
            if exit == nil { _ = Glibc.kill(pid, number) }
        }
    }

    /// Waits for the end of the child; after `limit` that is an error, and the child goes on.
    package func wait(within limit: Duration = .seconds(20)) throws -> Exit {
        guard let exit = poll(within: limit, { exitIfEnded }) else {
            throw TestFailure("process \(pid) did not end within \(limit)\n\(output)\n\(errorOutput)")
        }
        return exit
    }

    /// Ends the child and its group at once, and waits until it is gone.
    package func kill() {
        exit.withLock { exit in
            guard exit == nil else { return }
            _ = Glibc.kill(-pid, SIGKILL)
            exit = reap(0)
        }
    }

    private func reap(_ options: Int32) -> Exit? {
        var status: Int32 = 0
        var result: pid_t
        repeat { result = waitpid(pid, &status, options) } while result < 0 && errno == EINTR
        guard result == pid else { return nil }
        let number = status & 0x7F
        return number == 0 ? .code((status >> 8) & 0xFF) : .signal(number)
    }
}

extension ChildProcess {
    /// Open descriptors, as the kernel counts them.
    package var descriptors: Int { get throws { try namesInFolder("/proc/\(pid)/fd").count } }

    /// Resident memory in bytes.
    package var residentBytes: Int { get throws { try status("VmRSS") * 1024 } }

    package var threads: Int { get throws { try status("Threads") } }

    private func status(_ name: String) throws -> Int {
        let text = try readText("/proc/\(pid)/status")
        for line in text.split(separator: "\n") where line.hasPrefix("\(name):") {
            if let number = line.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap({ Int($0) }) {
                return number
            }
        }
        throw TestFailure("no \(name) in /proc/\(pid)/status")
    }
}
