import CCurl
import Glibc

/// Where programs are looked for: the tests' own PATH, or the usual places.
let defaultPath = environmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

/// What a child's standard streams are connected to.
struct StandardStreams {
    enum Target {
        case null
        case file(String)
        case descriptor(Int32)
    }
    var input = Target.null
    var output = Target.null
    var error = Target.null
}

/// Starts a program in a process group of its own, with default signals, exactly this environment, its own working
/// directory, and no descriptor of ours beyond the three standard streams.
func spawn(
    _ program: String, _ arguments: [String], environment: [String: String], folder: String, streams: StandardStreams
) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let modes = [(streams.input, O_RDONLY), (streams.output, O_WRONLY), (streams.error, O_WRONLY)]
    for (number, (target, mode)) in modes.enumerated() {
        switch target {
        case .null: posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", mode, 0)
        case .file(let path):
            posix_spawn_file_actions_addopen(&actions, Int32(number), path, mode | O_CREAT | O_APPEND, 0o600)
        case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
    }
    // A socket of another test, open in this child, would keep its connection from ending.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    posix_spawn_file_actions_addchdir_np(&actions, folder)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var noSignals = sigset_t()
    var allSignals = sigset_t()
    sigemptyset(&noSignals)
    sigfillset(&allSignals)
    posix_spawnattr_setsigmask(&attributes, &noSignals)
    posix_spawnattr_setsigdefault(&attributes, &allSignals)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))

    let argv = cStrings([program] + arguments)
    let envp = cStrings(environment.map { "\($0.key)=\($0.value)" })
    defer { for pointer in argv + envp { free(pointer) } }
    var pid: pid_t = 0
    let error = posix_spawnp(&pid, program, &actions, &attributes, argv, envp)
    guard error == 0 else { throw TestFailure(call: "start \(program)", error: error) }
    return pid
}

private func cStrings(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] {
    strings.map { strdup($0) } + [nil]
}
