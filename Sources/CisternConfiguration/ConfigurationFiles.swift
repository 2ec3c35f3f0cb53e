internal import Glibc

/// How configuration files are read. A test or a fuzzer brings its own.
package struct ConfigurationFiles: Sendable {
    /// The largest file that is read.
    package static let largestFile = 1024 * 1024

    package let read: @Sendable (String) throws(Objections) -> [UInt8]

    /// Whether every user of the machine may read a file.
    package let isOpenToAll: @Sendable (String) -> Bool

    package init(
        read: @escaping @Sendable (String) throws(Objections) -> [UInt8],
        isOpenToAll: @escaping @Sendable (String) -> Bool = { _ in false }
    ) {
        self.read = read
        self.isOpenToAll = isOpenToAll
    }

    /// The files of this machine.
    package static let system = ConfigurationFiles(
        read: { path throws(Objections) in try readWhole(path) },
        isOpenToAll: { path in
            var status = stat()
            return stat(path, &status) == 0 && status.st_mode & S_IROTH != 0
        })

    private static func readWhole(_ path: String) throws(Objections) -> [UInt8] {
        if path.utf8.contains(0) { throw Objections("must be a path without NUL characters") }
        let descriptor = retrying { open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw refusal(errno, path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            let chunk = 64 * 1024
            let old = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: chunk))
            let count = bytes.withUnsafeMutableBytes { buffer in
                retrying { Glibc.read(descriptor, buffer.baseAddress.map { $0 + old }, chunk) }
            }
            guard count >= 0 else { throw refusal(errno, path) }
            bytes.removeLast(chunk - count)
            if count == 0 { return bytes }
            if bytes.count > largestFile {
                throw Objections("must be a file of at most \(largestFile) bytes", hint: "\(path.printable) is larger")
            }
        }
    }

    /// What speaks against reading `path`; nil where nothing does.
    package static func objectionToReading(_ path: String) -> Objection? {
        if path.utf8.contains(0) { return Objection("must be a path without NUL characters") }
        if access(path, R_OK) != 0 { return refusal(errno, path).list.first }
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return refusal(EISDIR, path).list.first }
        return nil
    }

    private static func refusal(_ code: Int32, _ path: String) -> Objections {
        let path = path.printable
        return switch code {
        case ENOENT: Objections("must be a file that exists", hint: "there is no \(path)")
        case ENOTDIR: Objections("must be a file that exists", hint: "a part of \(path) is no directory")
        case EISDIR: Objections("must be a file", hint: "\(path) is a directory")
        case EACCES, EPERM:
            Objections("must be a file that this process may read", hint: "check the permissions of \(path)")
        default: Objections("must be a readable file", hint: "\(path): \(String(cString: strerror(code)))")
        }
    }

    /// Repeats a call that a signal interrupted.
    private static func retrying<Value: SignedInteger>(_ call: () -> Value) -> Value {
        while true {
            let result = call()
            if result != -1 || errno != EINTR { return result }
        }
    }
}
