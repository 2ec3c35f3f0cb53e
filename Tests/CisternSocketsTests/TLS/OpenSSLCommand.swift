import Glibc

/// The `openssl` program, which makes the tests' certificates and plays a foreign client.
enum OpenSSLCommand {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs it to its end, with no input and its output in a file.
    static func run(_ arguments: [String], output: String = "/dev/null") throws(Failure) {
        let status = try wait(start(arguments, output: output))
        if status != 0 { throw Failure(description: "openssl \(arguments) ended with status \(status)") }
    }

    /// Starts it; the process must be waited for.
    static func start(_ arguments: [String], output: String) throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var argv = (["openssl"] + arguments).map { strdup($0) }
        defer { argv.forEach { free($0) } }
        argv.append(nil)
        var process = pid_t()
        let error = posix_spawnp(&process, "openssl", &actions, nil, argv, environ)
        if error != 0 {
            throw Failure(description: "openssl does not start (error \(error)); apt-get install openssl")
        }
        return process
    }

    static func wait(_ process: pid_t) throws(Failure) -> CInt {
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0 {
            if errno != EINTR { throw Failure(description: "openssl cannot be waited for: error \(errno)") }
        }
        return status
    }
}
