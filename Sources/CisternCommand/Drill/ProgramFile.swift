internal import CLinux
internal import Glibc

/// Programs as files, and as processes.
enum ProgramFile {
    /// Where the shell would find a program; nil when it would not.
    static func find(_ name: String) -> String? {
        let folders = ConfigurationOptions.environment["PATH"] ?? ""
        // An empty folder would be the working directory, of which nobody thinks.
        for folder in folders.split(separator: ":") {
            let path = "\(folder)/\(name)"
            var status = stat()
            if access(path, X_OK) == 0, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG { return path }
        }
        return nil
    }

    /// Starts a program in a process group of its own, so that a Ctrl-C meant for this process does not reach it, with
    /// its output discarded.
    ///
    /// - Parameters:
    ///   - input: What it reads as its standard input; nil for nothing.
    ///   - third: What it has as its descriptor 3; nil for nothing.
    static func start(
        _ path: String, _ arguments: [String], folder: String, input: CInt? = nil, third: CInt? = nil
    ) throws(Steps.Fault) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        for output in [STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0)
        }
        if let third { posix_spawn_file_actions_adddup2(&actions, third, 3) }
        posix_spawn_file_actions_addchdir_np(&actions, folder)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))

        let words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, path, &actions, &attributes, words, environ)
        guard code == 0 else { throw Steps.Fault("\(path) cannot be started: \(String(cString: strerror(code)))") }
        return process
    }

    /// Whether a child has ended; if so it is gone for good.
    static func hasEnded(_ process: pid_t, waiting: Bool) -> Bool {
        while true {
            let result = waitpid(process, nil, waiting ? 0 : WNOHANG)
            if result < 0, errno == EINTR { continue }
            return result != 0
        }
    }
}
