internal import CisternBytes
internal import Glibc
internal import TestSupport

func startWebdis(threads: Int, redis: UInt16) throws -> (ChildProcess, port: UInt16) {
    let port = try freePort()
    let folder = try makeTemporaryFolder()
    try writeFile(
        "\(folder)/webdis.json",
        Bytes(
            """
            {"redis_host": "127.0.0.1", "redis_port": \(redis), "http_host": "127.0.0.1", "http_port": \(port),
             "threads": \(threads), "daemonize": false, "verbosity": 0, "logfile": "\(folder)/webdis.log"}
            """))
    let webdis = try ChildProcess("webdis", ["\(folder)/webdis.json"], installation: "apt-get install webdis")
    try awaitListener(port, of: webdis)
    return (webdis, port)
}

/// - Parameter copies: Whether it copies the file into its own memory, and from there to the client.
func startNginx(
    processes: Int, _ workload: Workload, _ file: MemoryFile, copies: Bool
) throws -> (ChildProcess, port: UInt16) {
    let port = try freePort()
    let folder = try makeTemporaryFolder()
    // A text in its configuration is at most 4 KiB long.
    let isConstant = workload.size <= 1024
    let value = String(repeating: "x", count: workload.size)
    // As root it would give itself another user, who could not read the file.
    let user = geteuid() == 0 ? "user root;" : ""
    try writeFile(
        "\(folder)/nginx.conf",
        Bytes(
            """
            daemon off; \(user) worker_processes \(processes); worker_rlimit_nofile 4096;
            pid \(folder)/nginx.pid; error_log stderr;
            events { worker_connections 2048; }
            http {
                access_log off; sendfile \(copies ? "off" : "on"); keepalive_requests 1000000000; default_type application/octet-stream;
                client_body_temp_path \(folder); proxy_temp_path \(folder); fastcgi_temp_path \(folder);
                uwsgi_temp_path \(folder); scgi_temp_path \(folder);
                server {
                    listen 127.0.0.1:\(port)\(processes > 1 ? " reuseport" : "");
                    location = /\(workload.rawValue) { \(isConstant ? "return 200 \(value);" : "alias \(file.path);") }
                }
            }
            """))
    // It lies where a user's PATH does not lead.
    let program = access("/usr/sbin/nginx", X_OK) == 0 ? "/usr/sbin/nginx" : "nginx"
    let nginx = try ChildProcess(
        program, ["-e", "stderr", "-c", "\(folder)/nginx.conf"], installation: "apt-get install nginx-light")
    try awaitListener(port, of: nginx)
    return (nginx, port)
}

private func awaitListener(_ port: UInt16, of process: ChildProcess) throws {
    let listens = try eventually(within: .seconds(20)) {
        if let exit = process.exitIfEnded {
            throw TestFailure("it ended, \(exit):\n\(process.output)\(process.errorOutput)")
        }
        return (try? RawConnection(port: port)) != nil
    }
    guard listens else { throw TestFailure("nobody listens on port \(port):\n\(process.errorOutput)") }
}

/// A file in memory (tmpfs) that has no name, so that it goes with this process however that ends. Others open it by the
/// descriptor of this process.
final class MemoryFile {
    let path: String
    private let descriptor: CInt

    init(size: Int) throws {
        let name = "/dev/shm/cistern-benchmarks-\(getpid())"
        try writeFile(name, Bytes(Array(repeating: UInt8(ascii: "x"), count: size)))
        descriptor = open(name, O_RDONLY | O_CLOEXEC)
        unlink(name)
        guard descriptor >= 0 else { throw TestFailure(call: "open \(name)", error: errno) }
        path = "/proc/\(getpid())/fd/\(descriptor)"
    }

    deinit { close(descriptor) }
}
