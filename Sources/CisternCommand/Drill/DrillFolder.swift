internal import CLinux
internal import Glibc

/// A temporary directory with a process in it. Both are gone when this ends, and when this process ends, in whatever way.
///
/// A small shell holds the reading end of a pipe. When the pipe closes, by ``remove()``, by a signal or by `kill -9`, it
/// kills the process group that it was told of last, and removes the directory.
final class DrillFolder {
    let path: String
    private let keeper: pid_t
    /// What is written to it is the process group in the directory; an empty line when there is none.
    private let pipe: CInt
    private var isRemoved = false

    private static let keeperScript = """
        PATH=$PATH:/bin:/usr/bin
        while read -r line; do group=$line; done
        [ -z "$group" ] || kill -9 "-$group"
        rm -rf -- "$1"
        """

    /// Tells the keeper, and only then becomes the program: until then it holds the pipe open, so that there is no moment at
    /// which the program runs and the keeper does not know of it.
    private static let starterScript = """
        echo $$ >&3
        exec "$@" 3>&-
        """

    init() throws(Steps.Fault) {
        let parent = ConfigurationOptions.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var template = Array("\(parent)/cistern-fallback-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Steps.Fault("no temporary directory in \(parent): \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        var ends: [CInt] = [-1, -1]
        // Not to be inherited: a child that held the writing end would keep the keeper from its work.
        guard pipe2(&ends, O_CLOEXEC) == 0 else {
            rmdir(path)
            throw Steps.Fault("no pipe: \(String(cString: strerror(errno)))")
        }
        defer { close(ends[0]) }
        do {
            keeper = try ProgramFile.start(
                "/bin/sh", ["-c", Self.keeperScript, "sh", path], folder: "/", input: ends[0])
        } catch {
            close(ends[1])
            rmdir(path)
            throw error
        }
        pipe = ends[1]
    }

    deinit { remove() }

    /// Starts a program in the directory; it is killed when this process ends.
    func start(_ program: String, _ arguments: [String]) throws(Steps.Fault) -> pid_t {
        try ProgramFile.start(
            "/bin/sh", ["-c", Self.starterScript, "sh", program] + arguments, folder: path, third: pipe)
    }

    /// Notes that what was started is gone.
    func forget() { _ = write(pipe, "\n", 1) }

    /// Ends what is there, and returns when all is gone.
    func remove() {
        guard !isRemoved else { return }
        isRemoved = true
        close(pipe)
        _ = ProgramFile.hasEnded(keeper, waiting: true)
    }
}
