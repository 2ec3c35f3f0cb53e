import Glibc

/// What the kernel knows of this process.
enum ProcessFacts {
    /// How many of its threads have this name.
    static func threads(named name: String) -> Int {
        entries("/proc/self/task").count { text("/proc/self/task/\($0)/comm") == name }
    }

    static var descriptors: Int { entries("/proc/self/fd").count }

    /// What a descriptor stands for. Its number alone may be another one's a moment after it was closed.
    static func identity(_ descriptor: CInt) -> UInt64? {
        var facts = stat()
        return fstat(descriptor, &facts) == 0 ? UInt64(facts.st_ino) : nil
    }

    private static func entries(_ path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private static func text(_ path: String) -> String {
        // A thread that has ended in the meantime has no name.
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count].prefix { $0 != 0x0A }, as: UTF8.self)
    }
}
