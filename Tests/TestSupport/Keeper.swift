import CisternBytes
import CisternLocks
import Glibc

/// Sees to it that nothing outlives the tests: no child process and no temporary file.
///
/// A small shell holds the reading end of a pipe. However this process ends, by `exit`, by a trap or by `kill -9`, the
/// pipe closes, and the shell kills every process whose working directory lies in the folder of the run, which is where
/// all children start, and removes that folder. A list of the children would miss the one that was just being started.
final class Keeper: Sendable {
    static let shared = Result { try Keeper() }

    /// The folder of this run, removed at its end.
    let folder: String
    /// Never written to: its end is the message.
    private let pipe: Int32
    private let folders = Locked(0)

    private static let script = """
        read -r end
        sleep 0.1
        while found=$(find /proc/[0-9]*/cwd -maxdepth 0 -lname "$1/*" 2>/dev/null); [ -n "$found" ]; do
            for each in $found; do each=${each#/proc/}; kill -9 "${each%/cwd}"; done
        done
        rm -rf -- "$1"
        """

    private init() throws {
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
            "sh", ["-c", Self.script, "sh", folder], environment: ["PATH": defaultPath], folder: "/",
            streams: StandardStreams(input: .descriptor(ends[0])))
    }

    func makeFolder() throws -> String {
        let number = folders.withLock { count in
            count += 1
            return count
        }
        let path = "\(folder)/\(number)"
        guard mkdir(path, 0o700) == 0 else { throw TestFailure(call: "mkdir \(path)", error: errno) }
        return path
    }
}

/// A new, empty folder that only this user can read; it goes when the test run ends.
package func makeTemporaryFolder() throws -> String { try Keeper.shared.get().makeFolder() }
