package import CisternBytes
package import Glibc

/// The kernel's words for an error number.
package func systemMessage(_ error: Int32) -> String {
    strerror(error).map { String(cString: $0) } ?? "error \(error)"
}

/// The whole content of a file; for the files under `/proc` as well, whose size is not known before.
package func readFile(_ path: String) throws -> Bytes {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw TestFailure(call: "open \(path)", error: errno) }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = read(descriptor, &piece, piece.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw TestFailure(call: "read \(path)", error: errno) }
        if count == 0 { return Bytes(content) }
        content += piece[..<count]
    }
}

/// The file as text, with what is not UTF-8 replaced.
package func readText(_ path: String) throws -> String {
    String(decoding: try readFile(path), as: UTF8.self)
}

/// Makes or replaces a file.
package func writeFile(_ path: String, _ content: Bytes, mode: mode_t = 0o600) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw TestFailure(call: "open \(path)", error: errno) }
    defer { close(descriptor) }
    try content.withUnsafeBytes { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw TestFailure(call: "write \(path)", error: errno) }
            rest = rest.dropFirst(count)
        }
    }
}

/// The names in a folder, without `.` and `..`.
package func namesInFolder(_ path: String) throws -> [String] {
    guard let folder = opendir(path) else { throw TestFailure(call: "opendir \(path)", error: errno) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
            tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

/// A variable of this process's environment.
package func environmentVariable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}
