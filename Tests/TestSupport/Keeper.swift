import Glibc

/// Sees to it that nothing outlives the tests: no child process and no temporary file.
///
/// A small shell holds the reading end of a pipe. However this process ends, by `exit`, by a trap or by `kill -9`, the
/// pipe closes, and the shell kills the process groups it was told of and removes the folder of the run.
final class Keeper: Sendable {
    static let shared = Result { try Keeper() }

    /// The folder of this run, removed at its end.
    let folder: String
    private let pipe: Int32
    private let folders = Locked(0)

    private static let script = """
        while read -r word group; do
            case $word in
            add) groups="$groups $group" ;;
            end) kept=; for each in $groups; do [ "$each" = "$group" ] || kept="$kept $each"; done; groups=$kept ;;
            esac
        done
        for each in $groups; do kill -9 "-$each"; done
        rm -rf -- "$1"
        """

    private init() throws {
        // A write to a process that has gone must be an error here, not the end of the tests.
        signal(SIGPIPE, SIG_IGN)
        var template = Array("/tmp/cistern-tests-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure(call: "mkdtemp", error: errno) }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw TestFailure(call: "pipe", error: errno) }
        pipe = ends[1]
        // A child that somebody else starts would otherwise keep the pipe open beyond our end.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        _ = try spawn(
            "sh", ["-c", Self.script, "sh", folder], environment: ["PATH": defaultPath],
            streams: StandardStreams(input: .descriptor(ends[0])))
    }

    func add(group: pid_t) { tell("add \(group)\n") }

    func end(group: pid_t) { tell("end \(group)\n") }

    func makeFolder() throws -> String {
        let number = folders.withLock { count in
            count += 1
            return count
        }
        let path = "\(folder)/\(number)"
        guard mkdir(path, 0o700) == 0 else { throw TestFailure(call: "mkdir \(path)", error: errno) }
        return path
    }

    /// A line is shorter than PIPE_BUF, so lines of several threads do not mix.
    private func tell(_ line: String) {
        _ = line.withCString { write(pipe, $0, strlen($0)) }
    }
}

/// A new, empty folder that only this user can read; it goes when the test run ends.
package func makeTemporaryFolder() throws -> String { try Keeper.shared.get().makeFolder() }
